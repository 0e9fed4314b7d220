package handler

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// The schemas of the discovery resources (RFC 7643 §5 to §7).
const (
	configURN       = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	resourceTypeURN = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	schemaURN       = "urn:ietf:params:scim:schemas:core:2.0:Schema"
)

// discoveryMeta is the meta of a discovery resource, which has no times and no
// version: it changes with the program only.
type discoveryMeta struct {
	ResourceType string `json:"resourceType"`
	Location     string `json:"location"`
}

type supported struct {
	Supported bool `json:"supported"`
}

// config is the ServiceProviderConfig (RFC 7643 §5).
type config struct {
	Schemas        []string   `json:"schemas"`
	Patch          supported  `json:"patch"`
	Bulk           bulk       `json:"bulk"`
	Filter         filtering  `json:"filter"`
	ChangePassword supported  `json:"changePassword"`
	Sort           supported  `json:"sort"`
	ETag           supported  `json:"etag"`
	Pagination     pagination `json:"pagination"`
	Authentication []authType `json:"authenticationSchemes"`

	Meta discoveryMeta `json:"meta"`
}

type bulk struct {
	supported
	MaxOperations  int   `json:"maxOperations"`
	MaxPayloadSize int64 `json:"maxPayloadSize"`
}

type filtering struct {
	supported
	MaxResults int `json:"maxResults"`
}

// pagination is what RFC 9865 §4 adds. Cursors keep no state, so they have no
// cursorTimeout.
type pagination struct {
	Cursor          bool   `json:"cursor"`
	Index           bool   `json:"index"`
	DefaultMethod   string `json:"defaultPaginationMethod"`
	DefaultPageSize int    `json:"defaultPageSize"`
	MaxPageSize     int    `json:"maxPageSize"`
}

type authType struct {
	Type        string `json:"type"`
	Name        string `json:"name"`
	Description string `json:"description"`
	SpecURI     string `json:"specUri"`
	Primary     bool   `json:"primary"`
}

// serviceProviderConfig answers GET /ServiceProviderConfig (RFC 7644 §4).
func (h *Handler) serviceProviderConfig(rq *request) (answer, error) {
	return marshal(config{
		Schemas: []string{configURN},
		Patch:   supported{true},
		Bulk:    bulk{supported{true}, h.limits.Bulk, h.limits.GroupBody},
		Filter:  filtering{supported{true}, h.limits.MaxPage},
		Sort:    supported{true},
		ETag:    supported{true},
		Pagination: pagination{
			Cursor: true, Index: true, DefaultMethod: "index",
			DefaultPageSize: h.limits.Page, MaxPageSize: h.limits.MaxPage,
		},
		Authentication: []authType{{
			Type: "oauthbearertoken", Name: "Bearer token",
			Description: "A token from the identity provider's configuration, in the header 'Authorization: Bearer <token>'",
			SpecURI:     "https://www.rfc-editor.org/rfc/rfc6750",
			Primary:     true,
		}},
		Meta: discoveryMeta{"ServiceProviderConfig", h.baseURL(rq.Request) + "/ServiceProviderConfig"},
	})
}

// resourceTypeDocument is a resource type as /ResourceTypes shows it (RFC 7643 §6).
type resourceTypeDocument struct {
	Schemas     []string      `json:"schemas"`
	ID          string        `json:"id"`
	Name        string        `json:"name"`
	Endpoint    string        `json:"endpoint"`
	Description string        `json:"description"`
	Schema      string        `json:"schema"`
	Extensions  []extension   `json:"schemaExtensions"`
	Meta        discoveryMeta `json:"meta"`
}

type extension struct {
	Schema   string `json:"schema"`
	Required bool   `json:"required"`
}

func (h *Handler) resourceTypeDocument(rq *request, t *resourceType) resourceTypeDocument {
	d := resourceTypeDocument{
		Schemas: []string{resourceTypeURN}, ID: t.Name, Name: t.Name, Endpoint: t.Endpoint,
		Description: t.Description, Schema: t.Schema.ID, Extensions: []extension{},
		Meta: discoveryMeta{"ResourceType", h.baseURL(rq.Request) + "/ResourceTypes/" + t.Name},
	}
	for _, e := range t.Extensions {
		d.Extensions = append(d.Extensions, extension{Schema: e.Schema.ID, Required: e.Required})
	}
	return d
}

// resourceTypes answers GET /ResourceTypes.
func (h *Handler) resourceTypes(rq *request) (answer, error) {
	var documents []resourceTypeDocument
	for _, t := range h.types {
		documents = append(documents, h.resourceTypeDocument(rq, t))
	}
	return marshalList(documents)
}

// resourceTypeNamed answers GET /ResourceTypes/{name}.
func (h *Handler) resourceTypeNamed(rq *request) (answer, error) {
	for _, t := range h.types {
		if t.Name == rq.id {
			return marshal(h.resourceTypeDocument(rq, t))
		}
	}
	return answer{}, scim.NotFound("ResourceType", rq.id)
}

// schemaDocument is a schema as /Schemas shows it (RFC 7643 §7).
type schemaDocument struct {
	Schemas     []string            `json:"schemas"`
	ID          string              `json:"id"`
	Name        string              `json:"name"`
	Description string              `json:"description"`
	Attributes  []*schema.Attribute `json:"attributes"`
	Meta        discoveryMeta       `json:"meta"`
}

func (h *Handler) schemaDocuments(rq *request) []schemaDocument {
	var documents []schemaDocument
	listed := map[string]bool{} // one schema may extend both users and groups
	add := func(s *schema.Schema) {
		if listed[s.ID] {
			return
		}
		listed[s.ID] = true
		documents = append(documents, schemaDocument{
			Schemas: []string{schemaURN}, ID: s.ID, Name: s.Name, Description: s.Description, Attributes: s.Attributes,
			Meta: discoveryMeta{"Schema", h.baseURL(rq.Request) + "/Schemas/" + s.ID},
		})
	}
	for _, t := range h.types {
		add(t.Schema)
		for _, e := range t.Extensions {
			add(e.Schema)
		}
	}
	return documents
}

// schemas answers GET /Schemas.
func (h *Handler) schemas(rq *request) (answer, error) {
	return marshalList(h.schemaDocuments(rq))
}

// schemaNamed answers GET /Schemas/{urn}. URNs compare case-insensitively.
func (h *Handler) schemaNamed(rq *request) (answer, error) {
	for _, d := range h.schemaDocuments(rq) {
		if strings.EqualFold(d.ID, rq.id) {
			return marshal(d)
		}
	}
	return answer{}, scim.NotFound("Schema", rq.id)
}

func marshal(document any) (answer, error) {
	body, err := json.Marshal(document)
	if err != nil {
		return answer{}, fmt.Errorf("encoding a discovery document: %w", err)
	}
	return answer{status: http.StatusOK, body: &body}, nil
}

func marshalList[T any](documents []T) (answer, error) {
	body := appendListHead(nil, len(documents), 1, len(documents))
	for i, document := range documents {
		one, err := json.Marshal(document)
		if err != nil {
			return answer{}, fmt.Errorf("encoding a discovery document: %w", err)
		}
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, one...)
	}
	body = append(body, "]}"...)
	return answer{status: http.StatusOK, body: &body}, nil
}
