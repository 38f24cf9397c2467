package metrics

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	authenticationclient "k8s.io/client-go/kubernetes/typed/authentication/v1"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const (
	// allowed and refused are how long an answer of the API server counts, and known is how many are kept.
	allowed = time.Minute
	refused = 5 * time.Second
	known   = 256
	// askTime is how long the API server may take.
	askTime = 10 * time.Second
)

// Access lets those read the metrics whom the API server knows by their token, and lets get the path. controller-runtime has
// such a filter as well; it brings the authentication of a whole API server into the program.
type Access struct {
	tokens authenticationclient.TokenReviewInterface
	rights authorizationclient.SubjectAccessReviewInterface
	clock  clock.PassiveClock

	// trusted and strangers let one question after the other be asked: a flood of requests here is none at the API server. Those
	// who were allowed before do not wait for the answers to others.
	trusted, strangers chan struct{}

	// lock is held for no request.
	lock    sync.Mutex
	answers map[question]answer
}

// question is asked of the API server: whether who has a token may do this.
type question struct {
	token      [sha256.Size]byte
	verb, path string
}

type answer struct {
	status int
	at     time.Time
}

// counts is how long the answer counts: a right that was given a moment ago is not waited for.
func (a answer) counts() time.Duration {
	if a.status == http.StatusOK {
		return allowed
	}
	return refused
}

// NewAccess makes the filter of a server of metrics.
func NewAccess(config *rest.Config, httpClient *http.Client) (metricsserver.Filter, error) {
	tokens, err := authenticationclient.NewForConfigAndClient(config, httpClient)
	if err != nil {
		return nil, fmt.Errorf("make the client that asks whose a token is: %w", err)
	}
	rights, err := authorizationclient.NewForConfigAndClient(config, httpClient)
	if err != nil {
		return nil, fmt.Errorf("make the client that asks who may read metrics: %w", err)
	}
	return newAccess(tokens.TokenReviews(), rights.SubjectAccessReviews(), clock.RealClock{}).filter, nil
}

func newAccess(tokens authenticationclient.TokenReviewInterface, rights authorizationclient.SubjectAccessReviewInterface, now clock.PassiveClock) *Access {
	return &Access{
		tokens: tokens, rights: rights, clock: now,
		trusted: make(chan struct{}, 1), strangers: make(chan struct{}, 1), answers: map[question]answer{},
	}
}

func (a *Access) filter(log logr.Logger, next http.Handler) (http.Handler, error) {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, err := a.judge(r)
		switch {
		case err != nil:
			log.Error(err, "who asks for metrics is not known")
			http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		case status != http.StatusOK:
			http.Error(w, http.StatusText(status), status)
		default:
			next.ServeHTTP(w, r)
		}
	}), nil
}

// judge says with which status a request is answered.
func (a *Access) judge(r *http.Request) (int, error) {
	token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !isBearer || token == "" {
		return http.StatusUnauthorized, nil
	}
	q := question{token: sha256.Sum256([]byte(token)), verb: strings.ToLower(r.Method), path: r.URL.Path}
	was, isFresh := a.answered(q)
	if isFresh {
		return was.status, nil
	}
	turn := a.strangers
	if was.status == http.StatusOK {
		turn = a.trusted
	}
	ctx, cancel := context.WithTimeout(r.Context(), askTime)
	defer cancel()
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-ctx.Done():
		return 0, fmt.Errorf("wait to ask whose a token is: %w", ctx.Err())
	}
	if was, isFresh = a.answered(q); isFresh { // somebody asked the same meanwhile
		return was.status, nil
	}
	status, err := a.ask(ctx, token, q)
	if err != nil {
		return 0, err
	}
	a.note(q, answer{status: status, at: a.clock.Now()})
	return status, nil
}

// answered is the last answer to a question, and whether it still counts.
func (a *Access) answered(q question) (was answer, isFresh bool) {
	a.lock.Lock()
	defer a.lock.Unlock()
	was, asked := a.answers[q]
	return was, asked && a.clock.Since(was.at) < was.counts()
}

// note remembers an answer. Where there are too many, those who were refused are forgotten first: strangers push out nobody.
func (a *Access) note(q question, now answer) {
	a.lock.Lock()
	defer a.lock.Unlock()
	if len(a.answers) >= known {
		maps.DeleteFunc(a.answers, func(_ question, old answer) bool { return old.status != http.StatusOK })
	}
	if len(a.answers) >= known {
		clear(a.answers)
	}
	a.answers[q] = now
}

// ask asks the API server whose a token is, and what they may do.
func (a *Access) ask(ctx context.Context, token string, q question) (int, error) {
	who, err := a.tokens.Create(ctx, &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token}}, metav1.CreateOptions{})
	if err != nil {
		return 0, fmt.Errorf("ask whose a token is: %w", err)
	}
	if !who.Status.Authenticated {
		return http.StatusUnauthorized, nil
	}
	user, extra := who.Status.User, map[string]authorizationv1.ExtraValue{}
	for key, values := range user.Extra {
		extra[key] = authorizationv1.ExtraValue(values)
	}
	may, err := a.rights.Create(ctx, &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user.Username, Groups: user.Groups, UID: user.UID, Extra: extra,
		NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: q.path, Verb: q.verb},
	}}, metav1.CreateOptions{})
	if err != nil {
		return 0, fmt.Errorf("ask what %s may do: %w", user.Username, err)
	}
	if !may.Status.Allowed {
		return http.StatusForbidden, nil
	}
	return http.StatusOK, nil
}
