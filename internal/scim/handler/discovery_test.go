package handler_test

import (
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

func TestServiceProviderConfig(t *testing.T) {
	p := serve(t)
	got := p.get("/ServiceProviderConfig").want(200)
	equal(t, "meta.location", got.text("meta", "location"), p.base+"/ServiceProviderConfig")
	got.wantBody(`{
		"schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
		"patch": {"supported": true},
		"bulk": {"supported": true, "maxOperations": 1000, "maxPayloadSize": 16777216},
		"filter": {"supported": true, "maxResults": 1000},
		"changePassword": {"supported": false},
		"sort": {"supported": true},
		"etag": {"supported": true},
		"pagination": {"cursor": true, "index": true, "defaultPaginationMethod": "index", "defaultPageSize": 100, "maxPageSize": 1000},
		"authenticationSchemes": [{
			"type": "oauthbearertoken", "name": "Bearer token", "primary": true,
			"description": "A token from the identity provider's configuration, in the header 'Authorization: Bearer <token>'",
			"specUri": "https://www.rfc-editor.org/rfc/rfc6750"
		}]
	}`)
}

func TestResourceTypes(t *testing.T) {
	p := serve(t)
	got := p.get("/ResourceTypes").want(200)
	equal(t, "ids", got.texts("Resources", "id"), []string{"User", "Group"})
	equal(t, "endpoints", got.texts("Resources", "endpoint"), []string{"/Users", "/Groups"})

	user := p.get("/ResourceTypes/User").want(200)
	equal(t, "meta", user.at("meta"), any(scim.Object{"resourceType": "ResourceType", "location": p.base + "/ResourceTypes/User"}))
	user.wantBody(`{
		"schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
		"name": "User", "endpoint": "/Users", "description": "A person with an account.",
		"schema": "urn:ietf:params:scim:schemas:core:2.0:User",
		"schemaExtensions": [{"schema": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "required": false}]
	}`)
	equal(t, "extensions of groups", p.get("/ResourceTypes/Group").want(200).at("schemaExtensions"), any([]any{}))
	p.get("/ResourceTypes/Printer").wantError(404, "")
}

func TestSchemas(t *testing.T) {
	p := serve(t)
	urns := []string{
		"urn:ietf:params:scim:schemas:core:2.0:User",
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
		"urn:ietf:params:scim:schemas:core:2.0:Group",
	}
	got := p.get("/Schemas").want(200)
	equal(t, "ids", got.texts("Resources", "id"), urns)
	listed, _ := got.at("Resources").([]any)
	for i, urn := range urns {
		one := p.get("/Schemas/" + urn).want(200)
		equal(t, urn, any(one.object()), listed[i])
		equal(t, urn+" location", one.text("meta", "location"), p.base+"/Schemas/"+urn)
		equal(t, urn+" schemas", one.at("schemas"), any([]any{"urn:ietf:params:scim:schemas:core:2.0:Schema"}))
	}
	equal(t, "any letter case", p.get("/Schemas/URN:IETF:params:scim:schemas:core:2.0:user").want(200).text("id"), urns[0])
	p.get("/Schemas/urn:example:none").wantError(404, "")

	attributes, _ := p.get("/Schemas/" + urns[0]).at("attributes").([]any)
	userName, _ := attributes[0].(scim.Object)
	delete(userName, "description")
	equal(t, "userName", userName, decode(t, `{"name":"userName","type":"string","multiValued":false,"required":true,
		"caseExact":false,"mutability":"readWrite","returned":"default","uniqueness":"server"}`))
}

// Identity providers send the parameters of their tenant URL to discovery too.
func TestDiscoveryIgnoresQueries(t *testing.T) {
	p := serve(t)
	for _, path := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/ResourceTypes/User"} {
		want := p.get(path).want(200).body
		for _, query := range []string{
			"filter=userName+eq+%22x%22", "filter=%28", "startIndex=2&count=0", "count=x", "attributes=id", "aadOptscim062020",
		} {
			equal(t, path+"?"+query, p.get(path+"?"+query).want(200).body, want)
		}
	}
}
