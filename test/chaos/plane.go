package chaos

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/rollcall-scim/rollcall/internal/token"
	"github.com/rollcall-scim/rollcall/test/controlplane"
)

// planePatience is how long a part of the control plane may take to be ready.
const planePatience = 2 * time.Minute

// plane is a control plane whose parts are killed, stopped and started again
// on the same ports and data. Nothing of it is between the admin of this check
// and the API server.
type plane struct {
	folder                   string // of certificates and data, secret
	etcd, apiServer, manager *process
	address                  string // of the API server, host:port
	etcdURL                  string
	cert                     *certificate
	adminToken               string
	probe                    *http.Client
}

// newPlane prepares a control plane; its logs go to logs.
func newPlane(ctx context.Context, folder, logs string) (*plane, error) {
	p := &plane{folder: folder, adminToken: token.Generate()}
	var err error
	if p.cert, err = newCertificate(folder); err != nil {
		return nil, err
	}
	ports := make([]string, 3)
	for i := range ports {
		if ports[i], err = freeAddress(ctx); err != nil {
			return nil, err
		}
	}
	p.address, p.etcdURL = ports[0], "http://"+ports[1]
	tokens := filepath.Join(folder, "tokens.csv")
	if err := os.WriteFile(tokens, fmt.Appendf(nil, "%s,admin,admin,system:masters\n", p.adminToken), 0o600); err != nil {
		return nil, err
	}
	p.etcd = newProcess(logs, "etcd", filepath.Join(controlplane.Assets(), "etcd"),
		"--data-dir", filepath.Join(folder, "etcd"), "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls", p.etcdURL, "--advertise-client-urls", p.etcdURL, "--listen-peer-urls", "http://"+ports[2])
	_, port, err := net.SplitHostPort(p.address)
	if err != nil {
		return nil, err
	}
	p.apiServer = newProcess(logs, "kube-apiserver", filepath.Join(controlplane.Assets(), "kube-apiserver"),
		"--etcd-servers", p.etcdURL, "--secure-port", port, "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
		"--cert-dir", folder, "--tls-cert-file", p.cert.certFile, "--tls-private-key-file", p.cert.keyFile,
		"--service-account-issuer", "https://"+p.address+"/", "--service-account-key-file", p.cert.keyFile,
		"--service-account-signing-key-file", p.cert.keyFile, "--service-cluster-ip-range=10.96.0.0/16",
		"--token-auth-file", tokens, "--authorization-mode=RBAC", "--disable-admission-plugins=ServiceAccount")
	kubeconfig := filepath.Join(folder, "kube-controller-manager.conf")
	if err := p.writeKubeconfig(kubeconfig, p.address, p.adminToken); err != nil {
		return nil, err
	}
	p.manager = newProcess(logs, "kube-controller-manager", filepath.Join(controlplane.Assets(), "kube-controller-manager"),
		"--kubeconfig", kubeconfig, "--leader-elect=false", "--secure-port=0", "--use-service-account-credentials")
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(p.cert.pem)
	p.probe = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true,
	}}
	return p, nil
}

// start starts everything and waits until it is ready.
func (p *plane) start(ctx context.Context) error {
	if err := p.startEtcd(ctx); err != nil {
		return err
	}
	if err := p.startAPIServer(ctx); err != nil {
		return err
	}
	return p.manager.start()
}

func (p *plane) startEtcd(ctx context.Context) error {
	if err := p.etcd.start(); err != nil {
		return err
	}
	return p.ready(ctx, p.etcd, p.etcdURL+"/health")
}

func (p *plane) startAPIServer(ctx context.Context) error {
	if err := p.apiServer.start(); err != nil {
		return err
	}
	return p.ready(ctx, p.apiServer, "https://"+p.address+"/readyz")
}

// ready waits until a part answers 200.
func (p *plane) ready(ctx context.Context, part *process, url string) error {
	ctx, cancel := context.WithTimeout(ctx, planePatience)
	defer cancel()
	for {
		err := p.ask(ctx, url)
		if err == nil {
			return nil
		}
		select {
		case <-part.done():
			return fmt.Errorf("%s ended while it started: %w", part.name, part.failure())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", part.name, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (p *plane) ask(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+p.adminToken)
	return p.expectOK(request)
}

func (p *plane) expectOK(request *http.Request) error {
	response, err := p.probe.Do(request)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

// full has etcd take no more writes, as when its quota is used up, or take them
// again.
func (p *plane) full(ctx context.Context, full bool) error {
	action := "DEACTIVATE"
	if full {
		action = "ACTIVATE"
	}
	body := fmt.Sprintf(`{"action":%q,"memberID":"0","alarm":"NOSPACE"}`, action)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.etcdURL+"/v3/maintenance/alarm", strings.NewReader(body))
	if err != nil {
		return err
	}
	return p.expectOK(request)
}

// stop ends everything.
func (p *plane) stop() error {
	_ = p.etcd.signal(syscall.SIGCONT)
	return errors.Join(p.manager.kill(), p.apiServer.kill(), p.etcd.kill())
}

// admin is the configuration of a cluster admin, with no faults on the way.
func (p *plane) admin() *rest.Config {
	return &rest.Config{
		Host: "https://" + p.address, BearerToken: p.adminToken, QPS: -1, Timeout: 20 * time.Second,
		TLSClientConfig: rest.TLSClientConfig{CAData: p.cert.pem},
	}
}

// writeKubeconfig writes how to reach the API server, or what stands in front
// of it, at an address.
func (p *plane) writeKubeconfig(file, address, bearer string) error {
	c := clientcmdapi.NewConfig()
	c.Clusters["chaos"] = &clientcmdapi.Cluster{Server: "https://" + address, CertificateAuthorityData: p.cert.pem}
	c.AuthInfos["chaos"] = &clientcmdapi.AuthInfo{Token: bearer}
	c.Contexts["chaos"] = &clientcmdapi.Context{Cluster: "chaos", AuthInfo: "chaos"}
	c.CurrentContext = "chaos"
	return clientcmd.WriteToFile(*c, file)
}

// freeAddress is an address on which nobody listens.
func freeAddress(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String(), nil
}
