package server

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
)

// authority signs certificates for 127.0.0.1.
type authority struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{key, certificate}
}

// pair is a chain and a key as the files of a TLS Secret hold them.
type pair struct{ chain, key []byte }

func (a authority) sign(t *testing.T, serial int64, notAfter time.Time) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: notAfter.Add(-2 * time.Hour), NotAfter: notAfter, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}, a.certificate, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{
		chain: append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})...),
		key:   pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}),
	}
}

func TestCertificateReload(t *testing.T) {
	old, next := newAuthority(t), newAuthority(t)
	later := time.Now().Add(time.Hour)
	first := old.sign(t, 1, later)
	// The same leaf with another chain: what a client trusts may have changed.
	rechained := pair{append(bytes.Clone(first.chain), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: next.certificate.Raw})...), first.key}
	tests := map[string]struct {
		files      pair
		wantSerial int64
		wantChain  int
		says       string // in the log
		failed     bool
	}{
		"unchanged":            {first, 1, 2, "", false},
		"a new certificate":    {old.sign(t, 2, later), 2, 2, "using a new certificate", false},
		"of a new authority":   {next.sign(t, 3, later), 3, 2, "using a new certificate", false},
		"a new chain":          {rechained, 1, 3, "using a new certificate", false},
		"not PEM":              {pair{[]byte("x"), first.key}, 1, 2, "cannot be used", true},
		"the key of another":   {pair{old.sign(t, 4, later).chain, first.key}, 1, 2, "cannot be used", true},
		"empty":                {pair{[]byte{}, []byte{}}, 1, 2, "cannot be used", true},
		"one that has expired": {old.sign(t, 5, time.Now().Add(-time.Minute)), 1, 2, "expired", true},
		"no file":              {pair{nil, nil}, 1, 2, "cannot be used", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			certFile, keyFile := filepath.Join(t.TempDir(), "tls.crt"), filepath.Join(t.TempDir(), "tls.key")
			put := func(p pair) {
				for file, content := range map[string][]byte{certFile: p.chain, keyFile: p.key} {
					if err := os.WriteFile(file, content, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			put(first)
			c, err := newCertificate(certFile, keyFile, funcr.New(func(_, args string) { log.WriteString(args + "\n") }, funcr.Options{}))
			if err != nil {
				t.Fatal(err)
			}
			put(test.files)
			if test.files.chain == nil {
				if err := os.Remove(certFile); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 { // what is told is told once
				c.reload()
			}
			current, err := c.get(nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := current.Leaf.SerialNumber.Int64(); got != test.wantSerial || len(current.Certificate) != test.wantChain {
				t.Errorf("in use is certificate %d with a chain of %d, want %d and %d", got, len(current.Certificate), test.wantSerial, test.wantChain)
			}
			if lines := strings.Count(log.String(), "\n"); !strings.Contains(log.String(), test.says) || lines > 1 || (lines == 0) != (test.says == "") {
				t.Errorf("the log says %q, want one line with %q", log.String(), test.says)
			}
			if !test.failed {
				return
			}
			put(old.sign(t, 6, later))
			if c.reload(); c.current.Load().Leaf.SerialNumber.Int64() != 6 {
				t.Error("the next good one is not used")
			}
		})
	}
}
