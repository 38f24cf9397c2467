# syntax=docker/dockerfile:1

# The compiler runs on the machine's own architecture and cross-compiles: emulating
# the target's would take ten times as long, and without cgo there is no need to.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src

# Modules first, in a layer of their own: they change far less often than the code.
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download

COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags="-s -w -X main.version=$VERSION" -o /out/manager ./cmd/manager

# No shell, no package manager, no root: certificates, time zones (rollout windows
# name them) and one static program.
FROM gcr.io/distroless/static:nonroot
LABEL org.opencontainers.image.title="Allmenning" \
      org.opencontainers.image.description="Operator for a Kubernetes platform that many municipalities share" \
      org.opencontainers.image.source="https://github.com/allmenning/allmenning" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /out/manager /manager
# By number: the kubelet can't know that a name is not root (runAsNonRoot).
USER 65532:65532
ENTRYPOINT ["/manager"]
