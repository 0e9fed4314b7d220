package handler

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// precondition turns If-Match and If-None-Match (RFC 7644 §3.14, RFC 9110
// §13.1) into a check of the stored version, for a request that changes a
// resource; nil without either header.
func precondition(r *http.Request) func(version string) error {
	match, noneMatch := r.Header.Values("If-Match"), r.Header.Values("If-None-Match")
	if len(match) == 0 && len(noneMatch) == 0 {
		return nil
	}
	return func(version string) error {
		if len(match) > 0 && !anyTag(match, version) {
			return staleVersion("the resource has changed: If-Match does not name its version %s; read it again and repeat the change on what it is now", version)
		}
		if len(noneMatch) > 0 && anyTag(noneMatch, version) {
			return staleVersion("If-None-Match names the resource's version %s", version)
		}
		return nil
	}
}

// anyTag tells whether a header's list of entity tags has one that equals
// version, or is "*". The comparison is the weak one of RFC 9110 §8.8.3.2, and
// takes tags without quotes, which some clients copy from meta.version so.
func anyTag(lines []string, version string) bool {
	want := opaqueTag(version)
	for _, line := range lines {
		for tag := range strings.SplitSeq(line, ",") {
			if tag = strings.TrimSpace(tag); tag == "*" || opaqueTag(tag) == want {
				return true
			}
		}
	}
	return false
}

func opaqueTag(tag string) string {
	tag = strings.TrimPrefix(strings.TrimPrefix(tag, "W/"), "w/")
	return strings.Trim(tag, `"`)
}

func staleVersion(format, version string) *scim.Error {
	return &scim.Error{Status: http.StatusPreconditionFailed, Detail: fmt.Sprintf(format, version)}
}
