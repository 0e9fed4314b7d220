package scale_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	kubeclient "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/test/conformance/localoperator"
)

var usersFlag = flag.String("users", "1000,100000", "numbers of users to compare, ascending, with commas between")

// requests are what is measured. {n} stands for the number of a user, {now} for
// a text that is new each time; an answer has to have a text in it. Beside what
// goes to the API server stands what that costs without the operator.
var requests = []struct {
	name         string
	method, path string
	body, has    string
}{
	{"GET by id", "GET", "/Users/" + idOf("{n}"), "", `"externalId":"external-{n}"`},
	{"userName eq", "GET", filter(`userName eq "USER{n}@example.com"`), "", `"totalResults":1,`},
	{"externalId eq", "GET", filter(`externalId eq "external-{n}"`), "", `"totalResults":1,`},
	{"emails.value eq", "GET", filter(`emails.value eq "user{n}@mail.example.com"`), "", `"totalResults":1,`},
	{`emails[type eq "work"].value eq`, "GET", filter(`emails[type eq "work"].value eq "user{n}@mail.example.com"`), "", `"totalResults":1,`},
	{"userName eq, within and", "GET", filter(`active eq true and title co "title" and userName eq "user{n}@example.com"`), "", `"totalResults":1,`},
	{"emails.value eq, within and", "GET", filter(`title pr and (emails.value eq "user{n}@mail.example.com" and not (active eq false))`), "", `"totalResults":1,`},
	{"nobody by userName eq", "GET", filter(`userName eq "nobody{n}@example.com"`), "", `"totalResults":0,`},
	{"client-go: get of nobody", "", getNobody, "", ""},
	{"page of 100", "GET", "/Users?count=100&startIndex={n}", "", `"itemsPerPage":100,`},
	{"PATCH of title", "PATCH", "/Users/" + idOf("{n}"), operation("title", "title {now}"), `"title":"title {now}"`},
	{"PATCH of another name", "PATCH", "/Users/" + idOf("{n}"), operation("name.givenName", "name {now}"), `"givenName":"name {now}"`},
	{"client-go: patch of title", "", patchTitle, "", ""},
	{"a scan: title eq", "GET", filter(`title eq "no such title {n}"`), "", `"totalResults":0,`},
}

// What is asked of the API server itself, in the place of a path.
const (
	getNobody  = "get"
	patchTitle = "patch"
)

func filter(text string) string {
	return "/Users?filter=" + strings.ReplaceAll(url.QueryEscape(text), url.QueryEscape("{n}"), "{n}")
}

func operation(path, value string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"` + path + `","value":"` + value + `"}]}`
}

// BenchmarkFilters prints the median of each request for each number of users,
// and how it grows.
func BenchmarkFilters(b *testing.B) {
	var sizes []int
	for text := range strings.SplitSeq(*usersFlag, ",") {
		size, err := strconv.Atoi(text)
		if err != nil || size < 100 || len(sizes) > 0 && size <= sizes[len(sizes)-1] {
			b.Fatalf("-users=%s: give numbers from 100 on, ascending", *usersFlag)
		}
		sizes = append(sizes, size)
	}
	o, err := localoperator.Start(b.Context())
	defer func() {
		if err := o.Stop(); err != nil {
			b.Error(err)
		}
	}()
	if err != nil {
		b.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	kube, err := newClient(o.REST)
	if err != nil {
		b.Fatal(err)
	}
	medians := make([][]time.Duration, len(requests))
	for i, size := range sizes {
		from := 0
		if i > 0 {
			from = sizes[i-1]
		}
		began := time.Now()
		if err := seed(b.Context(), o.REST, from, size); err != nil {
			b.Fatal(err)
		}
		took := time.Since(began)
		wait(b, client, o, size)
		fmt.Printf("%d users created with client-go in %v, %.0f/s; known to the operator %v later\n",
			size-from, took.Round(time.Millisecond), float64(size-from)/took.Seconds(), (time.Since(began) - took).Round(time.Millisecond))
		for r := range requests {
			medians[r] = append(medians[r], measure(b, client, kube, o, r, size))
		}
	}
	print(sizes, medians)
}

// measure runs one benchmark and gives the median of its last and longest run.
func measure(b *testing.B, client *http.Client, kube kubeclient.Client, o *localoperator.Operator, r, size int) time.Duration {
	var median time.Duration
	request := requests[r]
	b.Run(fmt.Sprintf("%s/users=%d", request.name, size), func(b *testing.B) {
		var took []time.Duration
		for n := 0; b.Loop(); n++ {
			user := 1 + n*7919%(size-99) // all over the directory
			began := time.Now()
			if request.method == "" {
				if err := direct(b.Context(), kube, request.path, user); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
				continue
			}
			with := strings.NewReplacer("{n}", strconv.Itoa(user), "{now}", strconv.FormatInt(began.UnixNano(), 10))
			got, err := send(b.Context(), client, o, request.method, with.Replace(request.path), with.Replace(request.body))
			took = append(took, time.Since(began))
			if err != nil || !strings.Contains(got, with.Replace(request.has)) {
				b.Fatalf("%v: want %s in %s", err, with.Replace(request.has), got)
			}
		}
		slices.Sort(took)
		median = took[len(took)/2]
		b.ReportMetric(float64(median.Microseconds()), "p50-µs")
	})
	return median
}

func send(ctx context.Context, client *http.Client, o *localoperator.Operator, method, path, body string) (string, error) {
	rq, err := http.NewRequestWithContext(ctx, method, o.Target.URL+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	rq.Header.Set("Authorization", "Bearer "+o.Target.Token)
	rq.Header.Set("Content-Type", "application/scim+json")
	got, err := client.Do(rq)
	if err != nil {
		return "", err
	}
	defer func() { _ = got.Body.Close() }()
	content, err := io.ReadAll(got.Body)
	if err == nil && got.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s", method, path, got.Status)
	}
	return string(content), err
}

// wait waits until the operator knows all users.
func wait(b *testing.B, client *http.Client, o *localoperator.Operator, size int) {
	b.Helper()
	all := fmt.Sprintf(`"totalResults":%d,`, size)
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if got, err := send(b.Context(), client, o, http.MethodGet, "/Users?count=0", ""); err == nil && strings.Contains(got, all) {
			return
		}
	}
	b.Fatalf("the operator does not know %d users", size)
}

func print(sizes []int, medians [][]time.Duration) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprint(w, "\nmedian of\t")
	for _, size := range sizes {
		_, _ = fmt.Fprintf(w, "%d users\t", size)
	}
	_, _ = fmt.Fprint(w, "ratio\t\n")
	for r, row := range medians {
		_, _ = fmt.Fprintf(w, "%s\t", requests[r].name)
		for _, median := range row {
			_, _ = fmt.Fprintf(w, "%v\t", median.Round(time.Microsecond))
		}
		_, _ = fmt.Fprintf(w, "%.2f\t\n", float64(row[len(row)-1])/float64(max(1, row[0])))
	}
	_ = w.Flush()
}
