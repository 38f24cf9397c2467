package behaviour_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/go-logr/logr"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/controllers"
)

// Not parallel: the operator is one with another address.
func TestMetricsAreForThoseWhomTheAPIServerLets(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	startOperator(t, func(o *controllers.Options) { o.MetricsAddress = address })
	reader, other := tokenOf(t, "metrics-reader"), tokenOf(t, "metrics-other")
	put(t, object(`{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: metrics-reader},
	  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: allmenning-metrics-reader}, subjects: [{kind: ServiceAccount, name: metrics-reader, namespace: default}]}`))
	pipeline := tokenOf(t, "metrics-pipeline")
	put(t, object(`{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: metrics-pipeline},
	  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: allmenning-pipeline-reader}, subjects: [{kind: ServiceAccount, name: metrics-pipeline, namespace: default}]}`))
	app := sells(t, unique("asked"), only(workload("web", "")))
	town(t, "asked", adopts(app.Name))
	asked := "https://" + address + "/v1/rollouts/" + app.Name + "/1.0.0"
	secure := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // nobody signed it
	for _, tc := range []struct {
		reason, url, token string
		status             int
		words              string
	}{
		{"who has the right reads them", "https://" + address + "/metrics", reader, http.StatusOK, "allmenning_api_requests_total"},
		{"who says not who it is does not", "https://" + address + "/metrics", "", http.StatusUnauthorized, ""},
		{"nor does who lacks the right", "https://" + address + "/metrics", other, http.StatusForbidden, ""},
		{"a pipeline reads no metrics", "https://" + address + "/metrics", pipeline, http.StatusForbidden, ""},
		{"it waits for a version until it is with everybody", asked, pipeline, http.StatusOK, `"phase":"Completed","members":1,"verified":1`},
		{"or for one group alone", asked + "?channel=stable", pipeline, http.StatusOK, `"channel":"stable"`},
		{"of which no one else hears", asked, reader, http.StatusForbidden, ""},
		{"a version that is not there is named", "https://" + address + "/v1/rollouts/" + app.Name + "/9.0.0", pipeline, http.StatusNotFound, "has no version 9.0.0"},
	} {
		eventually(t, tc.reason, func(ctx context.Context) error {
			status, body, err := fetch(ctx, secure, tc.url, tc.token)
			return errors.Join(err, expect("status", status, tc.status), holds(body, tc.words))
		})
	}
	if status, _, err := fetch(t.Context(), secure, "http://"+address+"/metrics", reader); err == nil && status != http.StatusBadRequest {
		t.Errorf("without TLS: status %d", status)
	}
}

func TestOpenMetricsAreForThisMachineAlone(t *testing.T) {
	for _, address := range []string{":8443", "0.0.0.0:8443", "10.0.0.1:8443"} {
		o, err := launch(logr.Discard(), func(o *controllers.Options) { o.MetricsAddress, o.OpenMetrics = address, true })
		if err == nil {
			o.Stop()
		}
		if err == nil || holds(err.Error(), "loopback") != nil {
			t.Errorf("open metrics at %s: want it refused, got %v", address, err)
		}
	}
}

// tokenOf makes a service account, and returns a token of it.
func tokenOf(t *testing.T, name string) string {
	t.Helper()
	account := put(t, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}})
	request := &authenticationv1.TokenRequest{}
	if err := admin.SubResource("token").Create(t.Context(), account, request); err != nil {
		t.Fatal(err)
	}
	return request.Status.Token
}

// fetch asks for a page.
func fetch(ctx context.Context, c *http.Client, url, token string) (status int, body string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := c.Do(request)
	if err != nil {
		return 0, "", fmt.Errorf("ask for %s: %w", url, err)
	}
	content, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(content), errors.Join(err, answer.Body.Close())
}
