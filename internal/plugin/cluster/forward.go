package cluster

import _ "k8s.io/client-go/tools/portforward"
