package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The operator's pods, as the chart and config/ have them.
const (
	operatorLabel = "app.kubernetes.io/name"
	operatorName  = "rollcall"
	scimPort      = "scim"
)

// Forward opens a tunnel through the API server to a replica of the operator. It
// gives the base URL on this machine; close ends it.
func (c *Cluster) Forward(ctx context.Context) (base string, closeTunnel func(), err error) {
	pod, port, secure, err := c.replica(ctx)
	if err != nil {
		return "", nil, err
	}
	clientset, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		return "", nil, err
	}
	url := clientset.CoreV1().RESTClient().Post().Resource("pods").Namespace(pod.Namespace).Name(pod.Name).SubResource("portforward").URL()
	roundTripper, upgrader, err := spdy.RoundTripperFor(c.Config)
	if err != nil {
		return "", nil, err
	}
	dialer := spdy.NewDialer(upgrader, &http.Client{Transport: roundTripper}, http.MethodPost, url)
	tunneling, err := portforward.NewSPDYOverWebsocketDialer(url, c.Config)
	if err != nil {
		return "", nil, err
	}
	// As kubectl: websockets first, and SPDY where the API server has none.
	both := portforward.NewFallbackDialer(tunneling, dialer, func(err error) bool { return err != nil && !errors.Is(err, context.Canceled) })
	stop, ready := make(chan struct{}), make(chan struct{})
	forwarder, err := portforward.NewOnAddresses(both, []string{"127.0.0.1"}, []string{fmt.Sprintf("0:%d", port)}, stop, ready, io.Discard, io.Discard)
	if err != nil {
		return "", nil, err
	}
	ended := make(chan struct{})
	var failure error // once ended is closed
	go func() {
		failure = forwarder.ForwardPorts()
		close(ended)
	}()
	select {
	case <-ready:
	case <-ended:
		return "", nil, fmt.Errorf("no tunnel to pod %s/%s: %w", pod.Namespace, pod.Name, Explain(failure))
	case <-ctx.Done():
		close(stop)
		return "", nil, context.Cause(ctx)
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		close(stop)
		return "", nil, err
	}
	scheme := "http"
	if secure {
		scheme = "https"
	}
	return fmt.Sprintf("%s://127.0.0.1:%d", scheme, ports[0].Local), func() {
		close(stop)
		<-ended
	}, nil
}

// replica finds a pod of the operator that is ready, and its port.
func (c *Cluster) replica(ctx context.Context) (*corev1.Pod, int32, bool, error) {
	var pods corev1.PodList
	err := c.List(ctx, &pods, client.MatchingLabels{operatorLabel: operatorName})
	if err != nil {
		return nil, 0, false, Explain(err)
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		if !isReady(pod) {
			continue
		}
		for _, container := range pod.Spec.Containers {
			for _, port := range container.Ports {
				if port.Name == scimPort {
					secure := strings.Contains(strings.Join(append(container.Command, container.Args...), " "), "--tls-cert-file")
					return pod, port.ContainerPort, secure, nil
				}
			}
		}
	}
	return nil, 0, false, fmt.Errorf("none of %d pods with label %s=%s is ready and has a port named %q: give the endpoint with --url",
		len(pods.Items), operatorLabel, operatorName, scimPort)
}

func isReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue && pod.DeletionTimestamp == nil
		}
	}
	return false
}
