package conformance

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// Feature is something a service provider may leave out.
type Feature string

// The optional features. The first ones are announced in the
// ServiceProviderConfig (RFC 7643 §5, RFC 9865 §4); for the last two, which
// nothing announces, a request finds out. What extensions there are /Schemas
// tells.
const (
	FeaturePatch  Feature = "patch"
	FeatureBulk   Feature = "bulk"
	FeatureFilter Feature = "filter"
	FeatureSort   Feature = "sort"
	FeatureETag   Feature = "etag"
	FeatureCursor Feature = "cursor"
	FeatureSearch Feature = "search"
	FeatureRoot   Feature = "root"
)

// offer is what the service provider has.
type offer struct {
	config   map[Feature]bool
	declared map[Feature]declared
	answer   *answer // the ServiceProviderConfig
}

// ask finds out what the service provider offers.
func ask(ctx context.Context, c *client) (*offer, error) {
	config, err := c.send(ctx, http.MethodGet, "/ServiceProviderConfig", "")
	if err != nil {
		return nil, err
	}
	if config.status != http.StatusOK || config.body == nil {
		return nil, fmt.Errorf("GET %s: status %d, not a ServiceProviderConfig: check the URL and the token", config.url, config.status)
	}
	o := &offer{config: map[Feature]bool{}, answer: config}
	for _, f := range []Feature{FeaturePatch, FeatureBulk, FeatureFilter, FeatureSort, FeatureETag} {
		o.config[f] = config.at(string(f), "supported") == true
	}
	o.config[FeatureCursor] = config.at("pagination", "cursor") == true
	search, err := c.send(ctx, http.MethodPost, "/Users/.search", `{"schemas":["`+searchURN+`"],"count":0}`)
	if err != nil {
		return nil, err
	}
	root, err := c.send(ctx, http.MethodGet, "/?count=0", "")
	if err != nil {
		return nil, err
	}
	if o.declared, err = askDeclared(ctx, c); err != nil {
		return nil, err
	}
	for f := range o.declared {
		o.config[f] = true
	}
	o.config[FeatureSearch] = served(search.status)
	o.config[FeatureRoot] = served(root.status)
	return o, nil
}

// served tells whether a status is that of an endpoint that exists.
func served(status int) bool {
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusForbidden:
		return false
	}
	return true
}

// and is both features.
func (f Feature) and(other Feature) Feature { return f + " and " + other }

func (o *offer) has(f Feature) bool {
	for part := range strings.SplitSeq(string(f), " and ") {
		if part != "" && !o.config[Feature(part)] {
			return false
		}
	}
	return true
}
