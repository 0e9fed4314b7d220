package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
)

// certificatePoll is how often the files are read. A poll finds every way in
// which they are replaced (renamed, a link moved, another volume mounted), and
// two small files cost nothing.
const certificatePoll = 2 * time.Second

// certificate is the pair of files that the server presents, read again when
// they change: another key, another leaf, or another intermediate of a new CA.
// What cannot be used leaves the one before in use.
type certificate struct {
	certFile, keyFile string
	log               logr.Logger
	current           atomic.Pointer[tls.Certificate]
	read              [2][]byte // the files as last seen
	failure           string    // as last told
}

// newCertificate reads the files, which must be usable at first.
func newCertificate(certFile, keyFile string, log logr.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	if _, err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
}

// watch reads the files again and again until ctx ends.
func (c *certificate) watch(ctx context.Context) {
	ticker := time.NewTicker(certificatePoll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			c.reload()
		}
	}
}

// reload tells of a change, and once of each failure.
func (c *certificate) reload() {
	changed, err := c.load()
	switch {
	case err == nil && changed:
		c.failure = ""
		certificateReads.WithLabelValues("ok").Inc()
		c.log.Info("using a new certificate", "file", c.certFile, "serial", c.current.Load().Leaf.SerialNumber.String(),
			"notAfter", c.current.Load().Leaf.NotAfter)
	case err == nil:
		c.failure = ""
	case err.Error() != c.failure:
		c.failure = err.Error()
		certificateReads.WithLabelValues("error").Inc()
		c.log.Error(err, "the SCIM server's new certificate cannot be used: the one before stays in use until there is one that can",
			"notAfter", c.current.Load().Leaf.NotAfter)
	}
}

// load reads the files and uses them if they changed.
func (c *certificate) load() (changed bool, err error) {
	var read [2][]byte
	for i, file := range []string{c.certFile, c.keyFile} {
		if read[i], err = os.ReadFile(file); err != nil {
			return false, err
		}
	}
	if bytes.Equal(read[0], c.read[0]) && bytes.Equal(read[1], c.read[1]) {
		return false, nil
	}
	pair, err := tls.X509KeyPair(read[0], read[1])
	if err != nil {
		// A certificate and a key that do not belong together may be a change
		// that is half done.
		return false, fmt.Errorf("%s and %s: %w", c.certFile, c.keyFile, err)
	}
	if err := usable(pair.Leaf); err != nil && c.current.Load() != nil {
		return false, fmt.Errorf("%s: %w", c.certFile, err)
	}
	c.read = read
	c.current.Store(&pair)
	certificateExpiry.Set(float64(pair.Leaf.NotAfter.Unix()))
	return true, nil
}

// usable refuses a certificate that no client would accept.
func usable(leaf *x509.Certificate) error {
	if now := time.Now(); now.After(leaf.NotAfter) {
		return fmt.Errorf("the certificate expired at %s", leaf.NotAfter)
	}
	return nil
}

// get is tls.Config's GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if current := c.current.Load(); current != nil {
		return current, nil
	}
	return nil, errors.New("no certificate has been read")
}
