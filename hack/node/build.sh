#!/usr/bin/env bash
# Builds what a real node runs beside its container engine (kubelet, kube-proxy, netpol,
# which enforces NetworkPolicies, and CoreDNS) once into the user's cache folder and prints
# the folder that holds it, and nothing else, on stdout. What else it says goes to stderr.
#
# Versions and flags are those of the control plane: where that is built, most packages are
# compiled already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

name=node
says="about a minute where the control plane is built, on two cores"
sources="go.mod go.sum main.go netpol.go coredns/main.go"
programs="node=. coredns=./coredns"
links="kubelet=node kube-proxy=node netpol=node"
source ../buildonce.sh
