package metrics

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	authenticationclient "k8s.io/client-go/kubernetes/typed/authentication/v1"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"
	"k8s.io/client-go/rest"
	clocktesting "k8s.io/utils/clock/testing"
)

// slowServer answers who has a token as an API server does: "monitoring" may read metrics at once, and of others it is known
// when held is closed.
func slowServer(t *testing.T, asked chan<- string, held <-chan struct{}) *rest.Config {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		var answer any
		if strings.HasSuffix(r.URL.Path, "/subjectaccessreviews") {
			answer = authorizationv1.SubjectAccessReview{Status: authorizationv1.SubjectAccessReviewStatus{Allowed: true}}
		} else {
			var review authenticationv1.TokenReview
			if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
				t.Error(err)
			}
			asked <- review.Spec.Token
			review.Status.Authenticated = review.Spec.Token == "monitoring"
			if !review.Status.Authenticated {
				<-held
			}
			answer = review
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return &rest.Config{Host: server.URL, ContentConfig: rest.ContentConfig{ContentType: "application/json"}}
}

func TestAStrangerDelaysNobodyWhoWasAllowed(t *testing.T) {
	asked, held := make(chan string, 10), make(chan struct{})
	config := slowServer(t, asked, held)
	tokens, err := authenticationclient.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	rights, err := authorizationclient.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	now := clocktesting.NewFakePassiveClock(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	a := newAccess(tokens.TokenReviews(), rights.SubjectAccessReviews(), now)
	judged := func(token string) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody)
		r.Header.Set("Authorization", "Bearer "+token)
		status, err := a.judge(r)
		if err != nil {
			t.Error(err)
		}
		return status
	}
	if status := judged("monitoring"); status != http.StatusOK || <-asked != "monitoring" {
		t.Fatalf("the monitoring gets %d", status)
	}
	refused := make(chan int)
	go func() { refused <- judged("stranger") }()
	if token := <-asked; token != "stranger" {
		t.Fatalf("it asked for %s", token)
	}
	if status := judged("monitoring"); status != http.StatusOK {
		t.Errorf("while a stranger waits, the monitoring gets %d", status)
	}
	now.SetTime(now.Now().Add(2 * allowed))
	if status := judged("monitoring"); status != http.StatusOK || <-asked != "monitoring" {
		t.Errorf("asked again while a stranger waits, the monitoring gets %d", status)
	}
	close(held)
	if status := <-refused; status != http.StatusUnauthorized {
		t.Errorf("the stranger gets %d", status)
	}
	for n := range 2 * known {
		a.note(question{path: fmt.Sprint(n)}, answer{status: http.StatusUnauthorized, at: now.Now()})
	}
	if status := judged("monitoring"); status != http.StatusOK || len(asked) > 0 {
		t.Error("strangers have pushed out who was allowed")
	}
}
