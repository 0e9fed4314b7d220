package expression

import (
	"encoding/json"
	"strings"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// text gives nil for "": SCIM does not tell the two apart (RFC 7643 §2.5).
func text(value string) any {
	if value == "" {
		return nil
	}
	return value
}

func flag(value *bool) any {
	if value == nil {
		return nil
	}
	return *value
}

func list[T any](values []T, convert func(*T) any) any {
	if len(values) == 0 {
		return nil
	}
	out := make([]any, len(values))
	for i := range values {
		out[i] = convert(&values[i])
	}
	return out
}

// complexValue makes a complex value; sub-attributes that are nil are left out.
func complexValue(namesAndValues ...any) any {
	m := make(map[string]any, len(namesAndValues)/2)
	for i := 0; i < len(namesAndValues); i += 2 {
		if value := namesAndValues[i+1]; value != nil {
			m[namesAndValues[i].(string)] = value
		}
	}
	return m
}

func multiValue(v *v1alpha1.MultiValue) any {
	return complexValue("value", text(v.Value), "display", text(v.Display), "type", text(v.Type), "primary", flag(v.Primary))
}

func largeMultiValue(v *v1alpha1.LargeMultiValue) any {
	return multiValue((*v1alpha1.MultiValue)(v))
}

func fullName(n *v1alpha1.Name) any {
	if n == nil {
		return nil
	}
	return complexValue(
		"formatted", text(n.Formatted),
		"familyName", text(n.FamilyName),
		"givenName", text(n.GivenName),
		"middleName", text(n.MiddleName),
		"honorificPrefix", text(n.HonorificPrefix),
		"honorificSuffix", text(n.HonorificSuffix))
}

func address(a *v1alpha1.Address) any {
	return complexValue(
		"formatted", text(a.Formatted),
		"streetAddress", text(a.StreetAddress),
		"locality", text(a.Locality),
		"region", text(a.Region),
		"postalCode", text(a.PostalCode),
		"country", text(a.Country),
		"type", text(a.Type),
		"primary", flag(a.Primary))
}

func enterpriseUser(e *v1alpha1.EnterpriseUser) any {
	if e == nil {
		return nil
	}
	var manager any
	if m := e.Manager; m != nil {
		manager = complexValue("value", text(m.Value), "$ref", text(m.Ref), "displayName", text(m.DisplayName))
	}
	return complexValue(
		"employeeNumber", text(e.EmployeeNumber),
		"costCenter", text(e.CostCenter),
		"organization", text(e.Organization),
		"division", text(e.Division),
		"department", text(e.Department),
		"manager", manager)
}

// extension gives an extension of a resource as CEL sees it; nil if the
// resource does not have it. URNs are compared ignoring case (RFC 8141 §3.1).
func extension(extensions map[string]v1alpha1.RawJSON, urn string) any {
	raw, ok := extensions[urn]
	for other, value := range extensions {
		if !ok && strings.EqualFold(other, urn) {
			raw, ok = value, true
		}
	}
	if !ok {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	var value any
	// The SCIM server stored valid JSON; anything else is no value at all.
	if decoder.Decode(&value) != nil {
		return nil
	}
	return celValue(value)
}

// celValue drops null, which is no value (RFC 7643 §2.5), and gives whole
// numbers as such, so that string() keeps all their digits.
func celValue(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, element := range value {
			if v := celValue(element); v != nil {
				value[name] = v
			} else {
				delete(value, name)
			}
		}
	case []any:
		out := value[:0]
		for _, element := range value {
			if v := celValue(element); v != nil {
				out = append(out, v)
			}
		}
		return out
	case json.Number:
		if whole, err := value.Int64(); err == nil {
			return whole
		}
		if number, err := value.Float64(); err == nil {
			return number
		}
		return nil
	}
	return value
}
