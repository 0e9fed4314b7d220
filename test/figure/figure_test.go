package figure

import "testing"

func TestText(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.0004: "0", 0.12345: "0.123", 1: "1", 1.5: "1.5", 3.14159: "3.14", 12.34: "12.3", 20: "20", 100: "100", 123.4: "123", 48251.7: "48252",
	} {
		if got := Text(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
}
