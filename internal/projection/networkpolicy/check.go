package networkpolicy

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// maxSelectorSize bounds a selector, in bytes of JSON: it is repeated in every
// object, and that of a peer for every hundred values.
const maxSelectorSize = 4096

func checkLabelKey(path, key string) error {
	if problems := validation.IsQualifiedName(key); len(problems) > 0 {
		return fmt.Errorf("%s.labelKey: %q is no key of a label: %s", path, key, strings.Join(problems, "; "))
	}
	return nil
}

// checkSelector refuses a selector that the API server would refuse in a
// NetworkPolicy; nil is none.
func checkSelector(path string, selector *metav1.LabelSelector) error {
	if selector == nil {
		return nil
	}
	if n := len(encode(selector)); n > maxSelectorSize {
		return fmt.Errorf("%s has %d bytes as JSON; at most %d are allowed", path, n, maxSelectorSize)
	}
	failures := metav1validation.ValidateLabelSelector(selector, metav1validation.LabelSelectorValidationOptions{}, field.NewPath(path))
	if err := failures.ToAggregate(); err != nil {
		return err
	}
	return nil
}

// checkPort follows the API server's validation of NetworkPolicyPort.
func checkPort(path string, port networkingv1.NetworkPolicyPort) error {
	if port.Protocol != nil {
		switch *port.Protocol {
		case corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP:
		default:
			return fmt.Errorf("%s.protocol: %q is none of TCP, UDP and SCTP", path, *port.Protocol)
		}
	}
	switch {
	case port.Port == nil && port.EndPort != nil:
		return fmt.Errorf("%s.endPort needs port, where the range begins", path)
	case port.Port == nil:
		return nil
	case port.Port.Type == intstr.Int:
		if problems := validation.IsValidPortNum(port.Port.IntValue()); len(problems) > 0 {
			return fmt.Errorf("%s.port: %s", path, problems[0])
		}
		if port.EndPort != nil && (*port.EndPort < port.Port.IntVal || len(validation.IsValidPortNum(int(*port.EndPort))) > 0) {
			return fmt.Errorf("%s.endPort: must be from port to 65535", path)
		}
	default:
		if problems := validation.IsValidPortName(port.Port.StrVal); len(problems) > 0 {
			return fmt.Errorf("%s.port: %q is no name of a port: %s", path, port.Port.StrVal, problems[0])
		}
		if port.EndPort != nil {
			return fmt.Errorf("%s.endPort does not go with a named port", path)
		}
	}
	return nil
}
