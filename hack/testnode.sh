#!/usr/bin/env bash
# Runs the tests that need a real node, as `make test-node` does: go test, with the arguments that are given.
# Where they can't run it says why in a sentence, and ends well; with REQUIRED=1 it fails.
#
# With --missing alone it prints the Debian packages that are missing, a line each.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

missing() {
  local each
  for each in containerd=containerd runc=runc iptables=iptables ipset=ipset nft=nftables ip=iproute2; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${each%%=*}" >/dev/null || echo "${each#*=}"
  done
  [[ -x /usr/lib/cni/ptp ]] || echo containernetworking-plugins
}

skip() {
  echo "test-node: skipped: $*" >&2
  [[ ${REQUIRED:-} != 1 ]] || exit 1
  exit 0
}

if [[ ${1:-} == --missing ]]; then
  missing
  exit 0
fi
[[ $(uname -s) == Linux ]] || skip "a real node needs Linux"
((EUID == 0)) || skip "a real node needs root, for namespaces and cgroups of its own"
mapfile -t packages < <(missing)
((${#packages[@]} == 0)) || skip "a real node needs packages: apt-get install --no-install-recommends ${packages[*]}"

export PATH=$PATH:/usr/sbin:/sbin
KUBEBUILDER_ASSETS=${KUBEBUILDER_ASSETS:-$(hack/controlplane/build.sh)}
ALLMENNING_NODE=${ALLMENNING_NODE:-$(hack/node/build.sh)}
export KUBEBUILDER_ASSETS ALLMENNING_NODE
# A node at a time: what is measured is not to wait for another.
exec go test -count=1 -p 1 "$@"
