package resource

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// maxDigits bounds a number, in characters. No digit is ever dropped.
const maxDigits = 128

// scalar reads one simple value of an attribute that an administrator declared:
// it has to have the form of its type (RFC 7643 §2.3). Identity providers send
// numbers as strings as well, which mean one thing only.
func scalar(name string, a *schema.Attribute, value any) (any, error) {
	switch a.Type {
	case schema.Integer, schema.Decimal:
		return number(name, a, value)
	case schema.String:
		return text(name, a, value)
	}
	sent, ok := value.(string)
	if !ok {
		return nil, invalid(name, "must be a %s, in a string", a.Type)
	}
	switch a.Type {
	case schema.DateTime:
		if !isDateTime(sent) {
			return nil, invalid(name, `must be a date and time such as "2026-01-31T08:00:00Z"`)
		}
	case schema.Binary:
		if !isBase64(sent) {
			return nil, invalid(name, "must be binary data in base64 (RFC 4648)")
		}
	case schema.Reference:
		if _, err := url.Parse(sent); err != nil || strings.ContainsAny(sent, " \t\r\n") {
			return nil, invalid(name, "must be a URI (RFC 3986)")
		}
	}
	return sent, nil
}

// number keeps the digits as they were sent.
func number(name string, a *schema.Attribute, value any) (any, error) {
	var sent string
	switch value := value.(type) {
	case json.Number:
		sent = value.String()
	case string:
		sent = strings.TrimSpace(value)
	}
	integral := a.Type == schema.Integer
	switch {
	case len(sent) > maxDigits:
		return nil, invalid(name, "has %d characters; at most %d are accepted", len(sent), maxDigits)
	case !isNumber(sent) || integral && strings.ContainsAny(sent, ".eE"):
		if integral {
			return nil, invalid(name, "must be an integer, without a fraction or exponent")
		}
		return nil, invalid(name, "must be a number")
	}
	return json.Number(sent), nil
}

// isNumber follows the grammar of JSON: no zeros in front, no plus sign.
func isNumber(text string) bool {
	if text == "" || text[0] != '-' && (text[0] < '0' || text[0] > '9') {
		return false
	}
	var n json.Number
	return json.Unmarshal([]byte(text), &n) == nil
}

// isDateTime follows xsd:dateTime: the zone may be left out (RFC 7643 §2.3.5).
func isDateTime(text string) bool {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if _, err := time.Parse(layout, text); err == nil {
			return !strings.Contains(text, ",") // which package time takes for a point
		}
	}
	return false
}

// isBase64 takes both alphabets of RFC 4648, with padding or without.
func isBase64(text string) bool {
	bare := strings.TrimRight(text, "=")
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(bare, "-_") {
		encoding = base64.RawURLEncoding
	}
	_, err := encoding.DecodeString(bare)
	return err == nil && !strings.ContainsAny(bare, "\r\n") && len(text)-len(bare) <= 2
}
