package pipelines_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/pipelines"
	"github.com/allmenning/allmenning/internal/country"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// network has a member of its own, and proposes svarut.
func network(name string) v1alpha1.Network {
	return v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.NetworkSpec{
		Members: v1alpha1.Members{Names: []string{name + "-one"}},
		Apps:    []v1alpha1.Proposal{{Name: "svarut", Channel: "stable", Obligation: v1alpha1.ObligationRecommended, Stages: []v1alpha1.Stage{v1alpha1.StageTest}}},
	}}
}

func member(name string) *v1alpha1.Municipality {
	return &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.MunicipalitySpec{
		Number: name, DisplayName: name, Environments: []v1alpha1.Environment{{Name: "test", Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneOpen}},
	}}
}

// rollout of 2.5.0 to a network.
func rollout(network string, phase v1alpha1.RolloutPhase, verified int32, next string) *v1alpha1.Rollout {
	return &v1alpha1.Rollout{
		ObjectMeta: metav1.ObjectMeta{Name: network + ".svarut.2.5.0.1"},
		Spec:       v1alpha1.RolloutSpec{Network: network, App: "svarut", Version: "2.5.0", Digest: "sha256:25", Attempt: 1, Sequence: 1},
		Status:     v1alpha1.RolloutStatus{Phase: phase, Members: 1, Verified: verified, Next: next},
	}
}

// world has svarut with 2.5.0 in channel stable, and networks nord and vest.
func world(state v1alpha1.VersionState, rollouts ...*v1alpha1.Rollout) *country.Country {
	app := &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "svarut"}}
	app.Spec.Channels = []v1alpha1.Channel{{Name: "stable", Version: "2.5.0"}}
	app.Spec.Versions = []v1alpha1.Version{{Version: "2.4.0"}, {Version: "2.5.0", State: state}}
	app.Status.Versions = []v1alpha1.VersionStatus{{Version: "2.4.0", Digest: "sha256:24", Available: true}, {Version: "2.5.0", Digest: "sha256:25", Available: true}}
	return country.Compile(country.Objects{
		Municipalities: []*v1alpha1.Municipality{member("nord-one"), member("vest-one")},
		Networks:       []v1alpha1.Network{network("nord"), network("vest")},
		Apps:           map[string]*v1alpha1.SharedApp{"svarut": app}, Rollouts: rollouts,
	}, now)
}

func ask(t *testing.T, c *country.Country, method, url string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	pipelines.Handler{Country: func() *country.Country { return c }}.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, url, http.NoBody))
	return w
}

func TestPhaseOfAllGroups(t *testing.T) {
	const active = v1alpha1.VersionActive
	cases := []struct {
		reason   string
		state    v1alpha1.VersionState
		rollouts []*v1alpha1.Rollout
		query    string
		phase    v1alpha1.RolloutPhase
		next     string
		verified int32
	}{
		{"nobody has begun", active, nil, "", pipelines.NotStarted, "its Rollout is about to be made", 0},
		{"one was made a moment ago, and has no status", active, []*v1alpha1.Rollout{rollout("nord", "", 0, "")}, "", v1alpha1.RolloutPending, "", 0},
		{"one is done, and the other has yet to begin: it has begun", active, []*v1alpha1.Rollout{rollout("nord", v1alpha1.RolloutCompleted, 1, "done")}, "",
			v1alpha1.RolloutProgressing, "its Rollout is about to be made", 1},
		{"the one that is asked for is done", active, []*v1alpha1.Rollout{rollout("nord", v1alpha1.RolloutCompleted, 1, "done")}, "?network=nord", v1alpha1.RolloutCompleted, "done", 1},
		{"all are done", active, []*v1alpha1.Rollout{rollout("nord", v1alpha1.RolloutCompleted, 1, "done"), rollout("vest", v1alpha1.RolloutCompleted, 1, "done, too")}, "",
			v1alpha1.RolloutCompleted, "done", 2},
		{"one halted: somebody must look", active, []*v1alpha1.Rollout{rollout("nord", v1alpha1.RolloutCompleted, 1, "done"), rollout("vest", v1alpha1.RolloutHalted, 0, "look")}, "",
			v1alpha1.RolloutHalted, "look", 1},
		{"the version is withdrawn, whatever came about", v1alpha1.VersionWithdrawn,
			[]*v1alpha1.Rollout{rollout("nord", v1alpha1.RolloutCompleted, 1, "done"), rollout("vest", v1alpha1.RolloutCompleted, 1, "done")}, "",
			v1alpha1.RolloutWithdrawn, "version 2.5.0 of SharedApp svarut is withdrawn: it is not newly installed anywhere", 2},
		{"a group that does not want it", active, []*v1alpha1.Rollout{rollout("nord", v1alpha1.RolloutCompleted, 1, "done")}, "?channel=stable",
			pipelines.NotStarted, "no group wants it yet: point a channel at it", 0},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			w := ask(t, world(tc.state, tc.rollouts...), http.MethodGet, "/v1/rollouts/svarut/2.5.0"+tc.query)
			var got pipelines.Answer
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
				t.Fatalf("status %d, %v: %s", w.Code, err, w.Body)
			}
			if got.Phase != tc.phase || got.Next != tc.next || got.Verified != tc.verified {
				t.Errorf("got %s", w.Body)
			}
		})
	}
}

// TestAnswer is the whole text that a pipeline reads.
func TestAnswer(t *testing.T) {
	w := ask(t, world(v1alpha1.VersionActive, rollout("nord", v1alpha1.RolloutProgressing, 0, "wave everyone: 0/1 verified")), http.MethodGet, "/v1/rollouts/svarut/2.5.0")
	want := `{"app":"svarut","version":"2.5.0","phase":"Progressing","members":1,"verified":0,"moving":0,"waiting":0,"away":0,"excused":0,"failed":0,` +
		`"next":"wave everyone: 0/1 verified","rollouts":[` +
		`{"name":"nord.svarut.2.5.0.1","network":"nord","attempt":1,"phase":"Progressing","members":1,"verified":0,"moving":0,"waiting":0,"away":0,"excused":0,"failed":0,"next":"wave everyone: 0/1 verified"},` +
		`{"network":"vest","attempt":0,"phase":"NotStarted","members":0,"verified":0,"moving":0,"waiting":0,"away":0,"excused":0,"failed":0,"next":"its Rollout is about to be made"}]}` + "\n"
	if d := gocmp.Diff(want, w.Body.String()); d != "" {
		t.Error(d)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q", got)
	}
}

func TestRefusals(t *testing.T) {
	there := world(v1alpha1.VersionActive)
	cases := []struct {
		reason, method, url string
		country             *country.Country
		status              int
		words               string
	}{
		{"an app that is not there", http.MethodGet, "/v1/rollouts/sms/1.0.0", there, http.StatusNotFound, `there is no SharedApp \"sms\"`},
		{"a version that is not there", http.MethodGet, "/v1/rollouts/svarut/9.0.0", there, http.StatusNotFound, "SharedApp svarut has no version 9.0.0: see its spec.versions"},
		{"no version", http.MethodGet, "/v1/rollouts/svarut", there, http.StatusNotFound, "ask for /v1/rollouts/{app}/{version}"},
		{"more than a version", http.MethodGet, "/v1/rollouts/svarut/2.5.0/waves", there, http.StatusNotFound, "ask for /v1/rollouts/{app}/{version}"},
		{"a parameter that is not there", http.MethodGet, "/v1/rollouts/svarut/2.5.0?wave=pilot", there, http.StatusBadRequest, `there is no parameter \"wave\"`},
		{"two names", http.MethodGet, "/v1/rollouts/svarut/2.5.0?network=nord&network=vest", there, http.StatusBadRequest, "network: give one name"},
		{"network and channel", http.MethodGet, "/v1/rollouts/svarut/2.5.0?network=nord&channel=stable", there, http.StatusBadRequest, "give one of them"},
		{"a write", http.MethodPost, "/v1/rollouts/svarut/2.5.0", there, http.StatusMethodNotAllowed, "use GET"},
		{"an operator that does not lead", http.MethodGet, "/v1/rollouts/svarut/2.5.0", nil, http.StatusServiceUnavailable, "ask again"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			w := ask(t, tc.country, tc.method, tc.url)
			var got map[string]string
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != tc.status {
				t.Fatalf("status %d, want %d, %v: %s", w.Code, tc.status, err, w.Body)
			}
			if !strings.Contains(w.Body.String(), tc.words) {
				t.Errorf("got %s, want it to say %s", w.Body, tc.words)
			}
		})
	}
}
