package expression

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// times repeats the end of an expression as often as is allowed.
func times(start, step string) string {
	return start + strings.Repeat(step, min(maxLoops, (MaxLength-40-len(start))/len(step)))
}

// Expressions that want the operator's memory or time get neither. Each would
// take gigabytes or hours without guard.
func TestHostileExpressions(t *testing.T) {
	letters := "'" + strings.Repeat("x", 80) + "'"
	list := "[" + strings.TrimSuffix(strings.Repeat("1,", 40), ",") + "]"
	tests := map[string]struct{ expression, wantErr string }{
		"replacing nothing by much":  {times("user.userName", ".replace('', "+letters+")"), "a text of more than 16384 bytes"},
		"replacing by an attribute":  {times("user.userName", ".replace('', user.photos[0].value)"), "a text of more than 16384 bytes"},
		"joining with much":          {"user.photos[0].value.split('').join(user.photos[0].value)", "a text of more than 16384 bytes"},
		"doubling a text":            {times("[user.userName]", ".map(a, a + a)") + "[0]", "a text of more than 16384 bytes"},
		"doubling with a binding":    {times("optional.of(user.userName)", ".optMap(a, a + a)") + ".value()", "undeclared reference to 'optMap'"},
		"doubling bytes":             {times("string([b'xx']", ".map(a, a + a)") + "[0])", "a text of more than 16384 bytes"},
		"doubling a list":            {times("[['a']]", ".map(a, a + a)") + "[0][0]", "can be no element of another"},
		"doubling a list of unknown": {times("[user.emails]", ".map(a, a + a)") + ".size() > 0 ? 'a' : 'b'", "can be no element of another"},
		"lists in lists":             {times("['a']", ".map(a, [a, a])") + " == [] ? 'a' : 'b'", ""},
		"lists of no known type":     {times("[dyn('a')]", ".map(a, has(user.x509Certificates) ? dyn([a, a]) : user.emails)") + " == [] ? 'a' : 'b'", "can be no element of another"},
		"lists in maps":              {times("[dyn('a')]", ".map(a, dyn({'a': a, 'b': a}))") + " == [] ? 'a' : 'b'", "can be no element of another"},
		"lists in optionals":         {times("[dyn('a')]", ".map(a, optional.of([a, a]))") + " == [] ? 'a' : 'b'", "can be no element of another"},
		"one list in itself":         {"user.emails" + strings.Repeat(".map(b, user.emails.map(c, b))", maxLoops/2) + " == [] ? 'a' : 'b'", "can be no element of another"},
		"more loops":                 {"user.emails" + strings.Repeat(".map(e, e)", maxLoops+1) + ".size() > 0 ? 'a' : 'b'", "17 of map, filter, exists and all; 16 are allowed"},
		"one in another":             {strings.Repeat("[", maxLiterals) + "'a'" + strings.Repeat("]", maxLiterals) + strings.Repeat("[0]", maxLiterals), "can be no element of another"},
		"maps in maps":               {strings.Repeat("{1:", maxLiterals) + "'a'" + strings.Repeat("}", maxLiterals) + ".size() > 0 ? 'a' : 'b'", "can be no element of another"},
		"more literals":              {strings.Repeat("[", maxLiterals+1) + "'a'" + strings.Repeat("]", maxLiterals+1) + strings.Repeat("[0]", maxLiterals+1), "more than 24 lists and maps"},
		"conditions in conditions":   {strings.Repeat("(true?", 70) + "user.title" + strings.Repeat(":'a')", 70), "no such key"},
		"long chains":                {times("user.title", ".lowerAscii()") + strings.Repeat("+user.title", 40), "no such key"},
		"messages":                   {"google.protobuf.ListValue{values: []} == [] ? 'a' : 'b'", "messages cannot be made"},
		"formatting":                 {"'%.900000000f'.format([1.0])", "format is not available"},
		"many loops":                 {list + ".map(a, " + list + ".map(b, " + list + ".map(c, " + list + ".map(d, a + b + c + d).size()).size()).size()).size() > 0 ? 'a' : 'b'", "cost limit"},
		"looking for much":           {"[0,1,2,3,4,5,6,7,8,9].map(i, user.photos[0].value.lastIndexOf(user.photos[1].value)).size() > 0 ? 'a' : 'b'", "cost limit"},
		"a large pattern":            {"user.photos[0].value.matches('" + strings.Repeat("x{1000}", 140) + "') ? 'a' : 'b'", "repeats too much"},
		"a pattern that is made":     {"user.userName.matches(user.photos[0].value) ? 'a' : 'b'", "must be written out"},
		"a slow pattern":             {"user.photos[0].value.matches('(x+x+)+y') ? 'a' : user.title", "no such key"},
		"lists made of nothing":      {"lists.range(1000000).size() > 0 ? 'a' : 'b'", "undeclared reference to 'lists'"},
		"the names of the guard":     {"@plain('a')", "Syntax error"},
		"the result of a loop":       {"['a'].map(a, __result__ + __result__)[0]", "undeclared reference to '__result__'"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			user := jane()
			user.Spec.Photos = []v1alpha1.LargeMultiValue{
				{Value: strings.Repeat("x", 16384)}, {Value: "y" + strings.Repeat("x", 8192)},
			}
			user.Spec.Title = "" // what a laundering condition asks for
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			e, err := CompileUser(test.expression, String)
			if err == nil {
				_, err = e.String(user)
			}
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), test.wantErr) {
				t.Errorf("%.60s… gives %v, want an error with %q", test.expression, err, test.wantErr)
			}
			allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
			t.Logf("%d ms, %d MiB: %.120v", took.Milliseconds(), allocated, err)
			if allocated > 256 {
				t.Errorf("it took %d MiB", allocated)
			}
		})
	}
}

// What guard changes means the same as before.
func TestGuardKeepsTheMeaning(t *testing.T) {
	for expression, want := range map[string]string{
		`'a-b-c'.replace('-', '+')`:                                           "a+b+c",
		`'a-b-c'.replace('-', '+', 1)`:                                        "a+b-c",
		`'a-b-c'.replace('-', '+', 0)`:                                        "a-b-c",
		`'a-b-c'.replace('-', '+', -1)`:                                       "a+b+c",
		`'ab'.replace('', '-')`:                                               "-a-b-",
		`['a', 'b'].join()`:                                                   "ab",
		`['a', 'b', 'c'].join(', ')`:                                          "a, b, c",
		`user.emails.map(e, e.value).join(' ')`:                               "jane@home.example jane@example.com",
		`user.emails.filter(e, e.type == 'work').map(e, e.value).join()`:      "jane@example.com",
		`user.emails.map(e, e.type == 'work', e.value)[0]`:                    "jane@example.com",
		`user.emails.map(e, e)[0].type`:                                       "home",
		`user.name.givenName + ' ' + user.userName`:                           "Jane Jane@Example.com",
		`string(1 + 2) + string(1.5 + 1.0)`:                                   "32.5",
		`string(timestamp('2026-01-01T00:00:00Z') + duration('1h'))`:          "2026-01-01T01:00:00Z",
		`[?user.?title, ?user.?externalId][0]`:                                "42",
		`{'a': user.externalId, ?'b': user.?title}['a']`:                      "42",
		`user.emails.exists(e, e.type == 'work') ? 'y' : 'n'`:                 "y",
		`user.emails.all(e, e.type == 'work') ? 'y' : 'n'`:                    "n",
		`user.userName.split('@')[1].lowerAscii()`:                            "example.com",
		`'abc'.substring(1) + 'abc'.charAt(0) + string('abc'.indexOf('c'))`:   "bca2",
		`user.emails.map(e, user.emails.map(f, f.value).join('+')).join('/')`: "jane@home.example+jane@example.com/jane@home.example+jane@example.com",
	} {
		e, err := CompileUser(expression, String)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		if got, err := e.String(jane()); err != nil || got != want {
			t.Errorf("%s gives %q, %v; want %q", expression, got, err, want)
		}
	}
	for expression, want := range map[string]string{
		`user.userName.replace('a')`:              "no matching overload for 'replace'",
		`user.userName.replace(user.active, 'b')`: "",
		`[1].join()`:    "no matching overload for 'join'",
		`[['a']][0][0]`: "can be no element of another",
		`user.emails.map(e, e.value.split('@'))[0][0]`: "can be no element of another",
	} {
		if _, err := CompileUser(expression, String); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s compiles: %v, want an error with %q", expression, err, want)
		}
	}
}
