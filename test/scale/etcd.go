package scale

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/rollcall-scim/rollcall/test/replica"
)

// etcd is the URL of an etcd, which is asked over JSON as its documentation
// says under "gRPC gateway". Keys and values are base64 there, as []byte is in
// JSON, and numbers are texts.
type etcd string

type pair struct {
	Key   []byte `json:"key"`
	Value []byte `json:"value"`
}

func (e etcd) call(ctx context.Context, path string, request, answer any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	content, err := replica.Fetch(ctx, connections, http.MethodPost, string(e)+path, bytes.NewReader(body))
	if err != nil || answer == nil {
		return err
	}
	return json.Unmarshal(content, answer)
}

func (e etcd) put(ctx context.Context, p pair) error { return e.call(ctx, "/v3/kv/put", p, nil) }

// pageKeys bounds the answers to each: 500 slices are 25 MiB.
const pageKeys = 500

// each visits what has a prefix, in the order of keys.
func (e etcd) each(ctx context.Context, prefix string, visit func(pair)) error {
	type rangeRequest struct {
		Key      []byte `json:"key"`
		RangeEnd []byte `json:"range_end"`
		Limit    int    `json:"limit"`
	}
	end := []byte(prefix)
	end[len(end)-1]++
	for from := []byte(prefix); ; {
		var page struct {
			KVs  []pair `json:"kvs"`
			More bool   `json:"more"`
		}
		if err := e.call(ctx, "/v3/kv/range", rangeRequest{from, end, pageKeys}, &page); err != nil {
			return err
		}
		for _, p := range page.KVs {
			visit(p)
		}
		if !page.More {
			return nil
		}
		from = slices.Concat(page.KVs[len(page.KVs)-1].Key, []byte{0}) // the next key there can be
	}
}

// stored counts what has a prefix: objects, and bytes of their keys and values.
func (e etcd) stored(ctx context.Context, prefix string) (objects int, size float64, err error) {
	err = e.each(ctx, prefix, func(p pair) {
		objects++
		size += float64(len(p.Key) + len(p.Value))
	})
	return objects, size, err
}

// database is the size of the file, and of what is in use in it.
func (e etcd) database(ctx context.Context) (file, used float64, err error) {
	var status struct {
		Size  string `json:"dbSize"`
		InUse string `json:"dbSizeInUse"`
	}
	if err := e.call(ctx, "/v3/maintenance/status", struct{}{}, &status); err != nil {
		return 0, 0, err
	}
	if file, err = strconv.ParseFloat(status.Size, 64); err != nil {
		return 0, 0, fmt.Errorf("the size of etcd's database: %w", err)
	}
	used, err = strconv.ParseFloat(status.InUse, 64)
	return file, used, err
}

// compact drops all old revisions, as the API server does every five minutes,
// and then gives the room back.
func (e etcd) compact(ctx context.Context) error {
	var status struct {
		Header struct {
			Revision string `json:"revision"`
		} `json:"header"`
	}
	if err := e.call(ctx, "/v3/maintenance/status", struct{}{}, &status); err != nil {
		return err
	}
	request := map[string]any{"revision": status.Header.Revision, "physical": true}
	if err := e.call(ctx, "/v3/kv/compaction", request, nil); err != nil {
		return err
	}
	return e.call(ctx, "/v3/maintenance/defragment", struct{}{}, nil)
}
