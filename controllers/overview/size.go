package overview

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/country"
)

const (
	// maxRowsSize is how many bytes the apps in the status of a Municipality may take, as JSON: 1,000 rows
	// without their texts have room in it, whatever their names. With all else that a status holds it is
	// less than 1 MiB, and etcd takes 1.5 MiB for an object.
	maxRowsSize = 880 << 10
	// minText is the least that is left of a text.
	minText = 16
)

// brief shortens texts so that the apps of a municipality fit in its status: every row is seen, with its
// state and its versions. First go the texts of what runs; who has to act wants the others. It says
// whether it shortened any.
func brief(rows []v1alpha1.MunicipalityApp) (fitting []v1alpha1.MunicipalityApp, shortened bool) {
	if size(rows) <= maxRowsSize {
		return rows, false
	}
	out := slices.Clone(rows)
	for _, running := range []bool{true, false} {
		for limit := maxMessage; limit >= minText; limit /= 2 {
			for i := range out {
				if country.Runs(out[i].State) == running {
					shorten(&out[i], limit)
				}
			}
			if size(out) <= maxRowsSize {
				return out, true
			}
		}
	}
	return out, true
}

// shorten keeps each text of a row within a limit, in bytes.
func shorten(row *v1alpha1.MunicipalityApp, limit int) {
	for _, text := range []*string{&row.Message, &row.Next, &row.DecidedBy.Reason} {
		*text = condition.Within(*text, limit)
	}
}

// maxAppsSize is how many bytes the apps in the status of a Network may take, as JSON. It
// leaves room below 512 KiB for the rest of the status and for the names of fields.
const maxAppsSize = 440 << 10

// bounded shortens lists so that the apps of a network fit in its status, however many apps
// and members there are. What is in trouble keeps its lists longest; the counts stay.
func bounded(apps []v1alpha1.NetworkApp) []v1alpha1.NetworkApp {
	if size(apps) <= maxAppsSize {
		return apps
	}
	out, left := make([]v1alpha1.NetworkApp, len(apps)), maxAppsSize
	for i, app := range apps {
		app.Versions, app.NotReady, app.OptedOutMembers, app.DecidedElsewhere = nil, nil, nil, nil
		out[i] = app
		left -= size(app)
	}
	for _, i := range byTrouble(apps) {
		out[i].Versions = fitting(&left, apps[i].Versions)
		out[i].NotReady = fitting(&left, apps[i].NotReady)
		out[i].OptedOutMembers = fitting(&left, apps[i].OptedOutMembers)
		out[i].DecidedElsewhere = fitting(&left, apps[i].DecidedElsewhere)
	}
	return out
}

// byTrouble are the indexes of apps, those first at which most members are not ready.
func byTrouble(apps []v1alpha1.NetworkApp) []int {
	all := make([]int, len(apps))
	for i := range all {
		all[i] = i
	}
	slices.SortStableFunc(all, func(a, b int) int {
		return cmp.Compare(apps[b].Members-apps[b].Running, apps[a].Members-apps[a].Running)
	})
	return all
}

// fitting are the first of a list that fit in what is left, which they use up.
func fitting[T any](left *int, all []T) []T {
	for n := range all {
		cost := size(all[n])
		if cost > *left {
			return all[:n:n]
		}
		*left -= cost
	}
	return all
}

// size of a value as JSON, with the comma after it. What can't be written, which nothing in
// a status is, fits nowhere.
func size(value any) int {
	raw, err := json.Marshal(value)
	if err != nil {
		return max(maxRowsSize, maxAppsSize) + 1
	}
	return len(raw) + 1
}
