package handler

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// Whatever is written reads back as encoding/json reads its own.
func TestValuesAsEncodingJSONWritesThem(t *testing.T) {
	texts := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	scalar := rapid.OneOf(
		rapid.Map(texts, func(s string) any { return s }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Int64(), func(n int64) any { return json.Number(string(mustMarshal(n))) }),
		rapid.Just[any](nil),
	)
	value := scalar
	for range 3 {
		value = rapid.OneOf(scalar,
			rapid.Map(rapid.SliceOfN(value, 0, 4), func(items []any) any { return items }),
			rapid.Map(rapid.MapOfN(rapid.StringMatching(`[a-z$":]{0,4}`), value, 0, 4), func(o scim.Object) any { return o }),
		)
	}
	rapid.Check(t, func(t *rapid.T) {
		v := value.Draw(t, "value")
		var got, want any
		if err := json.Unmarshal(appendValue(nil, v), &got); err != nil {
			t.Fatalf("%s: %v", appendValue(nil, v), err)
		}
		if err := json.Unmarshal(mustMarshal(v), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
	})
}

func mustMarshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func TestTimesAsFormatWritesThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMicro(rapid.Int64Range(0, 253402300799_999999).Draw(t, "at")).In(time.FixedZone("", 3600))
		want := at.UTC().Format(`"2006-01-02T15:04:05.000000Z07:00"`)
		if got := string(appendTime(nil, at)); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}

func TestUnknownValuesAreABug(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a value that is no JSON was written")
		}
	}()
	appendValue(nil, 1.5)
}
