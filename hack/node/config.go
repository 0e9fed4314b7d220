//go:build linux

package main

// The configuration files; write fills in what stands in braces.

const containerdConfig = `version = 3
root = "{state}/containerd"
state = "{state}/run/containerd"

[grpc]
  address = "{state}/run/containerd.sock"

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "{pauseImage}"

[plugins."io.containerd.cri.v1.runtime"]
  # Lowering it takes CAP_SYS_RESOURCE, which containers of CI systems lack.
  restrict_oom_score_adj = true

  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["{programs}"]
    conf_dir = "{state}/cni"

  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"

    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      SystemdCgroup = false
`

const cniConfig = `{
  "cniVersion": "1.0.0",
  "name": "pods",
  "plugins": [
    {
      "type": "bridge", "bridge": "{podDevice}", "isGateway": true, "ipMasq": true, "hairpinMode": true,
      "ipam": {"type": "host-local", "dataDir": "{state}/cni/addresses", "ranges": [[{"subnet": "{podNetwork}"}]], "routes": [{"dst": "0.0.0.0/0"}]}
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
`

const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: {address}
healthzPort: 0
failCgroupV1: false
failSwapOn: false
cgroupDriver: cgroupfs
enforceNodeAllocatable: []
localStorageCapacityIsolation: false
clusterDNS: ["{address}"]
clusterDomain: cluster.local
containerRuntimeEndpoint: unix://{state}/run/containerd.sock
tlsCertFile: {state}/pki/kubelet.crt
tlsPrivateKeyFile: {state}/pki/kubelet.key
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: "{state}/pki/ca.crt"}
authorization: {mode: Webhook}
# A disk that is nearly full is no reason to evict what a test runs.
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 100
`

const proxyConfig = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
hostnameOverride: {node}
clusterCIDR: {podNetwork}
clientConnection: {kubeconfig: "{state}/proxy.conf"}
conntrack: {maxPerCore: 0, min: 0}
metricsBindAddress: {address}:10249
healthzBindAddress: {address}:10256
`

const corefile = `.:53 {
  bind {address}
  errors
  cache 5
  kubernetes cluster.local in-addr.arpa {
    kubeconfig {state}/admin.conf
  }
}
`
