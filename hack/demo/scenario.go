package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// scenario is one thing to show.
type scenario struct {
	name string
	// folder of its municipalities and networks.
	folder string
	// minMemory and minDisk are in bytes, what must be free before the start.
	minMemory, minDisk uint64
	// bad is stopped, and good takes its place.
	bad, good promotion
	// network is the one that the story looks at. It has a wave that waits for an approval.
	network string
	gate    gate
	// pilot is explained when the bad version has been stopped, and other at the end.
	pilot, other string
	// look is what to try afterwards: pairs of a question and a line that answers it.
	look [][2]string
}

// promotion moves one channel of one app to another version.
type promotion struct {
	app, channel, from, to string
}

// gate is a wave that begins when one of a group approves it.
type gate struct {
	wave, group string
}

const (
	gib           = uint64(1) << 30
	appsFolder    = "config/samples/apps"
	platformFile  = "config/samples/platform.yaml"
	defaultFolder = "config/default"
)

func scenarios() map[string]scenario {
	bad := promotion{app: "svarut", channel: "stable", from: "2.4.1", to: "2.4.2"}
	good := promotion{app: "svarut", channel: "stable", from: "2.4.1", to: "2.5.0"}
	return map[string]scenario{
		"norway": {
			name: "norway", folder: "config/samples/norway", minMemory: 4 * gib, minDisk: 2 * gib, bad: bad, good: good,
			network: "digi-tv", gate: gate{wave: "everyone", group: "digi-tv-sekretariat"}, pilot: "vinje", other: "oslo",
			look: [][2]string{
				{"Oslo is in no network and decided for itself", "kubectl get appinst -n oslo-prod -o wide"},
				{"who runs which version of svarut", "kubectl get sapp svarut -o jsonpath='{.status.usage}{\"\\n\"}'"},
				{"every rollout of svarut", "kubectl get rollouts -l allmenning.dev/app=svarut"},
				{"how a network's apps are", "kubectl get network digi-nordland -o yaml"},
				{"what a tenant consists of", "kubectl get quota,netpol,rolebinding,deploy,pod -n tana-prod"},
				{"drift is corrected", "kubectl delete deploy svarut -n tana-prod; kubectl get deploy -n tana-prod"},
			},
		},
		"vest-telemark": {
			name: "vest-telemark", folder: "config/samples/vest-telemark", minMemory: 2 * gib, minDisk: gib, bad: bad, good: good,
			network: "vest-telemark", gate: gate{wave: "everyone", group: "vest-telemark-ikt"}, pilot: "fyresdal", other: "tokke",
			look: [][2]string{
				{"tokke holds svarut in production", "kubectl get appinst svarut -n tokke-prod -o wide"},
				{"seljord deferred, and why", "kubectl get muni seljord -o yaml"},
				{"kviteseid declined, and why", "kubectl get muni kviteseid -o yaml"},
				{"nissedal adopted an optional app", "kubectl get appinst helsemelding -n nissedal-prod -o wide"},
				{"two networks propose svarut: who lost to whom", "kubectl get network vest-telemark digi-tv -o yaml | grep -A4 decidedElsewhere"},
				{"vinje's own parameters, in test others", "kubectl get deploy svarut -n vinje-test -o yaml | grep -A1 SENDER"},
			},
		},
	}
}

func scenarioNames() string {
	return strings.Join(slices.Sorted(maps.Keys(scenarios())), " or ")
}

func scenarioNamed(name string) (scenario, error) {
	chosen, known := scenarios()[name]
	if !known {
		return scenario{}, fmt.Errorf("there is no scenario %q, choose %s", name, scenarioNames())
	}
	return chosen, nil
}
