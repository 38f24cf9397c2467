package oci

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Fault is why a bundle could not be fetched.
type Fault struct {
	// Reason of the fault, as the condition of the SharedApp has it.
	Reason string
	// Transient says that trying again may help without anybody changing anything.
	Transient bool
	// After is how long the registry asked to be left alone; 0 where it did not.
	After time.Duration
	// Message names the repository, and the field to change where there is one.
	Message string

	cause error
}

// Error returns the message.
func (f *Fault) Error() string { return f.Message }

// Unwrap returns what the fault was concluded from, if that may be shown.
func (f *Fault) Unwrap() error { return f.cause }

// faultOf concludes from an error of the registry's client what is wrong.
func faultOf(r Request, err error, after time.Duration) *Fault {
	fault := classify(r, err)
	fault.After = after
	fault.cause = err
	return fault
}

func classify(r Request, err error) *Fault {
	var response *errcode.ErrorResponse
	switch {
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		return unauthorized(r, err)
	case errors.As(err, &response):
		return classifyStatus(r, response, err)
	case errors.Is(err, errMismatch), errors.Is(err, content.ErrMismatchedDigest), strings.Contains(err.Error(), "digest mismatch"):
		return &Fault{Reason: v1alpha1.ReasonDigestMismatch, Message: fmt.Sprintf("%s.digest: %s: the registry returned something else than this digest names: %s", r.field(), r.name(), err)}
	case errors.Is(err, errTooLarge), errors.Is(err, errdef.ErrSizeExceedsLimit):
		return &Fault{Reason: v1alpha1.ReasonInvalid, Message: fmt.Sprintf("%s: %s; take files out of the bundle", r.name(), err)}
	case errors.Is(err, errdef.ErrNotFound):
		return notFound(r)
	case isUntrusted(err):
		return &Fault{Reason: v1alpha1.ReasonUntrusted, Message: fmt.Sprintf("%s: the certificate of the registry is not trusted: %s; set %s.caRef to a Secret whose key ca.crt holds the certificate that signed it", r.Repository, err, r.field())}
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return &Fault{Reason: v1alpha1.ReasonInvalid, Message: fmt.Sprintf("%s: the registry speaks plain HTTP, and HTTPS is expected; give it a certificate, or allow plain HTTP where the operator is started", r.Repository)}
	case isNetwork(err):
		return &Fault{Reason: v1alpha1.ReasonUnreachable, Transient: true, Message: fmt.Sprintf("%s: the registry can't be reached, it is tried again: %s", r.Repository, err)}
	default:
		return &Fault{Reason: v1alpha1.ReasonInvalid, Message: fmt.Sprintf("%s: %s", r.name(), err)}
	}
}

func classifyStatus(r Request, response *errcode.ErrorResponse, err error) *Fault {
	switch status := response.StatusCode; {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return unauthorized(r, err)
	case status == http.StatusNotFound:
		return notFound(r)
	case status == http.StatusTooManyRequests, status == http.StatusRequestTimeout, status >= http.StatusInternalServerError:
		return &Fault{Reason: v1alpha1.ReasonUnreachable, Transient: true, Message: fmt.Sprintf("%s: the registry has trouble, it is tried again: %s", r.Repository, err)}
	default:
		return &Fault{Reason: v1alpha1.ReasonInvalid, Message: fmt.Sprintf("%s: %s", r.name(), err)}
	}
}

func unauthorized(r Request, err error) *Fault {
	message := fmt.Sprintf("%s.secretRef: %s: the registry asks for a password and none is given; name a Secret of type kubernetes.io/dockerconfigjson", r.field(), r.Repository)
	if len(r.Credentials) > 0 {
		host, _, _ := strings.Cut(r.Repository, "/")
		message = fmt.Sprintf("%s.secretRef: %s: the registry refuses what the Secret holds for %s; check that it has an entry for %s that may pull", r.field(), r.Repository, host, host)
	}
	return &Fault{Reason: v1alpha1.ReasonUnauthorized, Message: message, cause: err}
}

func notFound(r Request) *Fault {
	return &Fault{Reason: v1alpha1.ReasonNotFound, Message: fmt.Sprintf("%s: the registry doesn't have it; check %s.repository and %s.digest", r.name(), r.field(), r.field())}
}

// otherKind says that an artifact is a chart, and was named as none, or the other way round.
func otherKind(r Request) *Fault {
	if r.Chart {
		return &Fault{Reason: v1alpha1.ReasonInvalid, Message: fmt.Sprintf("source.chart: %s is no Helm chart, as helm push makes one: name it in source.oci", r.name())}
	}
	return &Fault{Reason: v1alpha1.ReasonInvalid, Message: fmt.Sprintf("source.oci: %s is a Helm chart: name it in source.chart", r.name())}
}

func isUntrusted(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		unknown      x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
	)
	return errors.As(err, &verification) || errors.As(err, &unknown) || errors.As(err, &hostname) || errors.As(err, &invalid)
}

// isNetwork says whether a connection failed, timed out or broke off.
func isNetwork(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}
