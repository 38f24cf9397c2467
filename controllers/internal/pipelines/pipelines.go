// Package pipelines answers pipelines over HTTP how far a version of an app has come, so that they can wait for a
// promotion without rights on any object.
package pipelines

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
)

// Path is where the answers are; app and version follow it: /v1/rollouts/svarut/2.5.0.
const Path = "/v1/rollouts/"

// NotStarted is the phase of a version that was brought to nobody yet.
const NotStarted v1alpha1.RolloutPhase = "NotStarted"

// Answer is how far a version has come.
type Answer struct {
	App     string `json:"app"`
	Version string `json:"version"`
	// Phase of all groups together: NotStarted, or one of a Rollout's. It is Completed where all of them are.
	Phase v1alpha1.RolloutPhase `json:"phase"`
	// Counts of the members of all groups.
	Counts
	// Next is what comes next in the group that gives the phase.
	Next string `json:"next"`
	// Rollouts are those of the groups that get the version, or got it: direct adopters first, and then the networks by name.
	Rollouts []Group `json:"rollouts"`
}

// Group is how far the version has come in a network, or at those who follow a channel by their own decision.
type Group struct {
	// Name of the Rollout; empty while it is about to be made.
	Name string `json:"name,omitempty"`
	// Network whose members get it; empty at direct adopters.
	Network string `json:"network,omitempty"`
	// Channel that direct adopters follow; empty in a network.
	Channel string `json:"channel,omitempty"`
	// Attempt is 1 at first, and one more with each retry.
	Attempt int32                 `json:"attempt"`
	Phase   v1alpha1.RolloutPhase `json:"phase"`
	Counts
	// Next is the Rollout's sentence of what comes next.
	Next string `json:"next"`
}

// Counts are numbers of members.
type Counts struct {
	Members  int32 `json:"members"`
	Verified int32 `json:"verified"`
	Moving   int32 `json:"moving"`
	Waiting  int32 `json:"waiting"`
	Away     int32 `json:"away"`
	Excused  int32 `json:"excused"`
	Failed   int32 `json:"failed"`
}

// Handler answers. Who may ask is for the server to find out.
type Handler struct {
	// Country is the newest snapshot; nil while there is none, as at an operator that does not lead.
	Country func() *country.Country
}

// refusal is an answer that says what is wrong with the question.
type refusal struct {
	status int
	why    string
}

// Error is the reason.
func (r refusal) Error() string { return r.why }

func refuse(status int, format string, args ...any) error {
	return refusal{status: status, why: fmt.Sprintf(format, args...)}
}

// ServeHTTP answers a question.
func (h Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		write(w, http.StatusMethodNotAllowed, map[string]string{"error": r.Method + " is not served here: use GET"})
		return
	}

	now := h.Country()
	if now == nil { // another replica has it, or this one in a moment
		w.Header().Set("Retry-After", "1")
		write(w, http.StatusServiceUnavailable, map[string]string{"error": "this operator does not lead, or has yet to read its objects: ask again"})
		return
	}
	answer, err := answer(now, r)
	var no refusal
	if errors.As(err, &no) {
		write(w, no.status, map[string]string{"error": no.why})
		return
	}
	write(w, http.StatusOK, answer)
}

func write(w http.ResponseWriter, status int, answer any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // who asked is gone otherwise
}

// answer reads the question and looks for the answer; its errors are refusals.
func answer(now *country.Country, r *http.Request) (*Answer, error) {
	name, version, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, Path), "/")
	if !ok || name == "" || version == "" || strings.Contains(version, "/") {
		return nil, refuse(http.StatusNotFound, "there is nothing at %s: ask for %s{app}/{version}", r.URL.Path, Path)
	}
	asked, err := groupsOf(r)
	if err != nil {
		return nil, err
	}

	app := now.Apps.Of(name)
	unlisted := app.Unlisted(version)
	if unlisted != nil && !app.IsWithdrawn(version) {
		return nil, refuse(http.StatusNotFound, "%s", unlisted)
	}
	a := &Answer{App: name, Version: version, Phase: NotStarted, Next: "no group wants it yet: point a channel at it", Rollouts: []Group{}}
	for _, b := range country.GroupsBringing(now, name, version) {
		if g := groupOf(b); asked(g) {
			a.Rollouts = append(a.Rollouts, g)
		}
	}
	a.sum()
	if unlisted != nil {
		a.Phase, a.Next = v1alpha1.RolloutWithdrawn, unlisted.String()
	}
	return a, nil
}

// groupsOf is which groups are asked for: all, or those of the query.
func groupsOf(r *http.Request) (func(Group) bool, error) {
	query := r.URL.Query()
	for parameter, values := range query {
		if parameter != "network" && parameter != "channel" {
			return nil, refuse(http.StatusBadRequest, "there is no parameter %q: network and channel narrow the answer", parameter)
		}
		if len(values) != 1 || values[0] == "" {
			return nil, refuse(http.StatusBadRequest, "%s: give one name", parameter)
		}
	}
	network, channel := query.Get("network"), query.Get("channel")
	if network != "" && channel != "" {
		return nil, refuse(http.StatusBadRequest, "network and channel: give one of them; channel is that of those who follow it by their own decision")
	}
	return func(g Group) bool {
		return (network == "" || g.Network == network) && (channel == "" || g.Channel == channel)
	}, nil
}

// groupOf is how far a group has come.
func groupOf(b country.Bringing) Group {
	g := Group{Network: b.Group.Network, Channel: b.Group.Channel, Phase: NotStarted, Next: "its Rollout is about to be made"}
	if b.Rollout == nil {
		return g
	}
	s := &b.Rollout.Status
	g.Name, g.Attempt, g.Next = b.Rollout.Name, b.Rollout.Spec.Attempt, s.Next
	g.Phase = cmp.Or(s.Phase, v1alpha1.RolloutPending) // it was made a moment ago
	g.Counts = Counts{
		Members: s.Members, Verified: s.Verified, Moving: s.Moving, Waiting: s.Waiting, Away: s.Away, Excused: s.Excused, Failed: s.Failed,
	}
	if b.GoneOn != "" && g.Phase != v1alpha1.RolloutWithdrawn {
		g.Phase, g.Next = v1alpha1.RolloutSuperseded, fmt.Sprintf("%s has gone on to %s", b.Group, b.GoneOn)
	}
	return g
}

// sum adds up the groups: what somebody must do something about comes first, then what goes on, and last what has ended.
func (a *Answer) sum() {
	for i := range a.Rollouts {
		a.add(a.Rollouts[i].Counts)
	}
	if len(a.Rollouts) == 0 {
		return
	}
	first := slices.MinFunc(a.Rollouts, func(x, y Group) int { return cmp.Compare(rank(x.Phase), rank(y.Phase)) })
	a.Phase, a.Next = first.Phase, first.Next
	isCompleted := func(g Group) bool { return g.Phase == v1alpha1.RolloutCompleted }
	if (a.Phase == v1alpha1.RolloutPending || a.Phase == NotStarted) && slices.ContainsFunc(a.Rollouts, isCompleted) {
		a.Phase = v1alpha1.RolloutProgressing // of all groups together it has begun
	}
}

func (c *Counts) add(more Counts) {
	c.Members += more.Members
	c.Verified += more.Verified
	c.Moving += more.Moving
	c.Waiting += more.Waiting
	c.Away += more.Away
	c.Excused += more.Excused
	c.Failed += more.Failed
}

// rank is the order in which the phases of groups count for all of them together.
func rank(phase v1alpha1.RolloutPhase) int {
	return slices.Index([]v1alpha1.RolloutPhase{
		v1alpha1.RolloutWithdrawn, v1alpha1.RolloutHalted, v1alpha1.RolloutProgressing, v1alpha1.RolloutPending, NotStarted,
		v1alpha1.RolloutSuperseded, v1alpha1.RolloutCompleted,
	}, phase)
}
