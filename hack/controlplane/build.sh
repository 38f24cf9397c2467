#!/usr/bin/env bash
# Builds the control plane (etcd, kube-apiserver, kube-controller-manager,
# kube-scheduler, kwok) once into the user's cache folder and prints the folder
# that holds it, and nothing else, on stdout. Everything else that it says goes to
# stderr: how much is compiled of how much, and roughly how long it still takes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

name=controlplane
says="about 12 minutes on two cores the first time"
sources="go.mod go.sum main.go"
programs="controlplane=."
links="etcd=controlplane kube-apiserver=controlplane kube-controller-manager=controlplane kube-scheduler=controlplane kwok=controlplane"
source ../buildonce.sh
