package door

import (
	"cmp"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
)

// Key is what makes a door this one.
type Key struct {
	// App and Service that the host has.
	App, Service string
	// Host and its environment; Consumer and its environment. What nothing says is empty.
	Host, HostEnvironment, Consumer, Environment string
}

// Compare sorts doors: by host, app, service, and then by who connects.
func (k Key) Compare(other Key) int {
	return cmp.Or(cmp.Compare(k.Host, other.Host), cmp.Compare(k.App, other.App), cmp.Compare(k.Service, other.Service),
		cmp.Compare(k.HostEnvironment, other.HostEnvironment), cmp.Compare(k.Consumer, other.Consumer), cmp.Compare(k.Environment, other.Environment))
}

// Party is a municipality, as far as its doors depend on it.
type Party struct {
	Name string
	// Municipality is nil where there is none of the name.
	Municipality *v1alpha1.Municipality
	// Holds is why nothing opens for it that is not open already; empty where nothing is in the way.
	Holds string
	// Networks that it is a member of now.
	Networks []string
	// Missing are its environments whose namespaces are not there, or not its own: nothing is decided in them.
	Missing map[string]bool
	// Installed finds what it has of an app in an environment; nil where it has none.
	Installed func(environment, app string) *v1alpha1.AppInstallation
}

// isMember says whether it belongs to a network.
func (p Party) isMember(network string) bool {
	for _, name := range p.Networks {
		if name == network {
			return true
		}
	}
	return false
}

// Kind is a kind of objects that doors rest on, by the plural of its name.
type Kind string

// The kinds that doors rest on.
const (
	Municipalities   Kind = "municipalities"
	Networks         Kind = "networks"
	SharedApps       Kind = "sharedapps"
	AppInstallations Kind = "appinstallations"
)

// Rest is what a door rests on beside its two sides.
type Rest struct {
	Apps catalogue.Apps
	Now  time.Time
}

// Door is one service of a host and one environment that connects to it.
type Door struct {
	Key

	// State, without what the cluster came to: one that is Open here is to be opened.
	State v1alpha1.DoorState
	// Held says that of an open door only that stays open which is open already.
	Held bool
	// Lacks is the kind of an object that is away, where that is why it is not open; empty where somebody says so.
	Lacks Kind
	// ToHost and ToConsumer say why it is not open, and what to do, to the one side and to the other.
	ToHost, ToConsumer string
	// Reason and Contact as the two sides give them.
	Reason, Contact string
	// Until is when it ends by itself; nil for never.
	Until *metav1.Time
	// Stage of the environment at the host.
	Stage v1alpha1.Stage
	// Namespace that the pods of the host are in; empty where the app is not installed there.
	Namespace string
	// Leads are the pods and ports that it leads to, and Clients those that connect.
	Leads   []Lead
	Clients []Client
}

// message is what it says to one side.
func (d Door) message(side v1alpha1.DoorSide) string {
	if side == v1alpha1.DoorHost {
		return d.ToHost
	}
	return d.ToConsumer
}

// Between is the door that a consumer asks for in the entry of its spec.connects at a place. The host of the name may be none.
func Between(host, consumer Party, at int, rest Rest) Door {
	ask := consumer.Municipality.Spec.Connects[at]
	d := Door{
		Key: Key{
			App: ask.App, Service: ask.Service, Host: host.Name, HostEnvironment: ask.At(), Consumer: consumer.Name, Environment: ask.Environment,
		},
		Reason: ask.Reason, Contact: ask.Contact, Until: ask.Until, Clients: clientsOf(consumer, ask, rest.Apps),
	}
	offer := best(host, consumer, d.Key, rest)
	if offer == nil {
		d.State, d.Lacks = v1alpha1.DoorAsked, withoutOffer(host, d.Key)
		d.ToHost = fmt.Sprintf("%s asks for it (%s): add it to spec.hosts, if it may connect; nothing is open until then", consumer.Name, ask.Reason)
		d.ToConsumer = d.notOffered(host, at)
		return d
	}
	d.Reason, d.Contact = both(host.Name, offer.Reason, consumer.Name, ask.Reason), both(host.Name, offer.Contact, consumer.Name, ask.Contact)
	d.Until = earlier(offer.Until, ask.Until)
	d.judge(side{host, *offer}, request{consumer, ask, at}, rest)
	return d
}

// Offered are the doors that offers of a host would open, and that nobody asks for: one for each municipality that they name, and
// one without a consumer where networks or everybody may come and nobody of them does.
func Offered(host Party, asked []Door, now time.Time) []Door {
	var all []Door
	for i := range host.Municipality.Spec.Hosts {
		o := &host.Municipality.Spec.Hosts[i]
		key := Key{App: o.App, Service: o.Service, Host: host.Name, HostEnvironment: o.Environment}
		isAsked := func(consumer string) bool {
			for _, d := range asked {
				if with := (Key{d.App, d.Service, d.Host, d.HostEnvironment, "", ""}); with == key && d.State != v1alpha1.DoorAsked && (consumer == "" || d.Consumer == consumer) {
					return true
				}
			}
			return false
		}
		for _, name := range o.To.Municipalities {
			if !isAsked(name) {
				to := key
				to.Consumer = name
				all = append(all, unasked(to, o, i, now))
			}
		}
		if (len(o.To.Networks) > 0 || o.To.Everybody) && !isAsked("") {
			all = append(all, unasked(key, o, i, now))
		}
	}
	return all
}

// unasked is the door of an offer that nobody asks for.
func unasked(key Key, o *v1alpha1.DoorOffer, at int, now time.Time) Door {
	d := Door{Key: key, State: v1alpha1.DoorOffered, Reason: o.Reason, Contact: o.Contact, Until: o.Until}
	if over(o.Until, now) {
		d.State = v1alpha1.DoorExpired
		d.ToHost = fmt.Sprintf("spec.hosts[%d].until is over: take it out, or write a later one", at)
		d.ToConsumer = fmt.Sprintf("the offer of %s is over", key.Host)
		return d
	}
	who := key.Consumer
	if who == "" {
		who = "nobody of those who may"
	}
	d.ToHost = who + " asks for it yet, in its spec.connects"
	if key.Consumer != "" {
		d.ToHost = who + " does not ask for it yet, in its spec.connects"
	}
	d.ToConsumer = fmt.Sprintf("%s offers it: to connect, ask for it in spec.connects", key.Host)
	return d
}

// both are what two sides say, once where they say the same.
func both(host, says, consumer, too string) string {
	if too == "" || too == says {
		return says
	}
	return fmt.Sprintf("%s: %s; %s: %s", host, says, consumer, too)
}

func earlier(a, b *metav1.Time) *metav1.Time {
	if a == nil || (b != nil && b.Before(a)) {
		return b
	}
	return a
}

// over says whether a time that something lasts until, which may be none, has come.
func over(until *metav1.Time, now time.Time) bool { return until != nil && !now.Before(until.Time) }
