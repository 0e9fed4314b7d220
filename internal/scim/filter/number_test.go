package filter

import (
	"cmp"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNumberKeys(t *testing.T) {
	ascending := []string{
		"-1e400", "-12345678901234567891", "-12345678901234567890", "-123.1", "-123", "-12", "-1.5", "-1", "-0.5", "-1e-400",
		"0", "1e-400", "0.05", "0.5", "1", "1.05", "1.5", "2", "12", "120", "123", "1e3",
		"12345678901234567890", "12345678901234567890.1", "12345678901234567891", "1e400",
	}
	var keys []string
	for _, number := range ascending {
		key, ok := numberKey(number)
		if !ok || len(key) > maxKey {
			t.Fatalf("%s: %q, %v", number, key, ok)
		}
		keys = append(keys, key)
	}
	for i := range len(keys) - 1 {
		if strings.Compare(keys[i], keys[i+1]) >= 0 {
			t.Errorf("%s (%s) is not less than %s (%s)", ascending[i], keys[i], ascending[i+1], keys[i+1])
		}
	}
	if !slices.IsSorted(keys) {
		t.Error(keys)
	}
	for _, same := range [][]string{{"0", "-0", "0.00", "0e9"}, {"1.5", "1.50", "15e-1", "0.15e1"}, {"-100", "-1e2"}} {
		for _, number := range same[1:] {
			one, _ := numberKey(same[0])
			if other, _ := numberKey(number); other != one {
				t.Errorf("%s is not %s", number, same[0])
			}
		}
	}
	for _, text := range []string{"", "x", "NaN", "Inf", "-infinity", "0x10", "1_000", "1,5", "1e"} {
		if key, ok := numberKey(text); ok {
			t.Errorf("%q is a number: %s", text, key)
		}
	}
	if key, ok := numberKey(strings.Repeat("9", 16000)); !ok || len(key) > maxKey {
		t.Errorf("a long number has a key of %d bytes", len(key))
	}
}

// Keys compare as exact arithmetic does.
func TestNumberKeysCompareExactly(t *testing.T) {
	number := rapid.StringMatching(`-?[0-9]{1,25}(\.[0-9]{1,25})?(e-?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		one, _ := numberKey(a)
		other, _ := numberKey(b)
		if got, want := cmp.Compare(one, other), x.Cmp(y); got != want {
			t.Fatalf("%s and %s: got %d, want %d", a, b, got, want)
		}
	})
}
