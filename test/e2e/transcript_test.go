package main

import (
	"reflect"
	"testing"
)

func TestBlocks(t *testing.T) {
	document := "Text.\n\n```sh\nnot this\n```\n\n```sh run\none\ntwo <<END\n```\n\nMore.\n\n```text\noutput\n```\n\n" +
		"```sh load\nload it\n```\n\n```yaml\na: b\n```\n\n```text\nof nobody\n```\n\n```sh run\nthree\n```\n"
	want := []block{
		{commands: "one\ntwo <<END\n", prints: "output\n"},
		{commands: "load it\n", load: true},
		{commands: "three\n"},
	}
	if got := blocks(document); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestCompare(t *testing.T) {
	tests := map[string]struct {
		document, printed string
		same              bool
	}{
		"the same":              {"a\nb\n", "a\nb\n", true},
		"other widths":          {"NAME   AGE\nx      12s\n", "NAME  AGE\nx  4m5s\n", true},
		"other times and names": {"2026-11-22T09:10:06Z  rollcall-5447c/view 18.4 MiB", "2027-01-02T19:00:16Z  rollcall-6aa/view 9 MiB", true},
		"another word":          {"ready\n", "pending\n", false},
		"a line less":           {"a\nb\n", "a\n", false},
		"a line more":           {"a\n", "a\nb\n", false},
		"lines left out":        {"...\nb\n...\nd\n", "a\nb\nc\nc\nd\n", true},
		"left out at the end":   {"a\n...\n", "a\nb\nc\n", true},
		"not after all":         {"...\nb\n", "a\nc\n", false},
		"in another order":      {"...\nb\n...\na\n", "a\nb\n", false},
		"a digit where none is": {"no answer\n", "4 answer\n", false},
		"a port-forward behind": {"\na\nb\n", "E1122 17:09:56.516933   16956 portforward.go:502] \"Unhandled Error\" err=\"reset by peer\"\n\na\nb\n", true},
		"another error":         {"a\n", "E1122 17:09:56.516933   16956 memcache.go:265] \"Unhandled Error\" err=\"refused\"\na\n", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if err := compare(test.document, test.printed); (err == nil) != test.same {
				t.Errorf("compare gives %v", err)
			}
		})
	}
}
