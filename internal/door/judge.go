package door

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// side is the host, and its offer that counts.
type side struct {
	Party

	offer v1alpha1.DoorOffer
}

// request is the consumer, and what it asks for.
type request struct {
	Party

	ask v1alpha1.DoorRequest
	at  int
}

// field is that of the offer, in words.
func (s side) field(name string) string {
	at := slices.IndexFunc(s.Municipality.Spec.Hosts, func(o v1alpha1.DoorOffer) bool {
		return o.App == s.offer.App && o.Service == s.offer.Service && o.Environment == s.offer.Environment && o.Reason == s.offer.Reason && o.Until.Equal(s.offer.Until)
	})
	return fmt.Sprintf("spec.hosts[%d].%s of Municipality %s", at, name, s.Name)
}

func (r request) field(name string) string {
	return fmt.Sprintf("spec.connects[%d].%s of Municipality %s", r.at, name, r.Name)
}

// judge decides whether a door is open on which both sides agree.
func (d *Door) judge(host side, consumer request, rest Rest) {
	if why := ended(host, consumer, rest.Now); why != "" {
		d.State, d.ToHost, d.ToConsumer = v1alpha1.DoorExpired, why, why
		return
	}
	d.State = v1alpha1.DoorClosed
	app := rest.Apps.Of(d.App)
	for _, rule := range []struct {
		lacks Kind
		why   func() string
	}{
		{Municipalities, func() string { return goes(host.Party) }},
		{Municipalities, func() string { return goes(consumer.Party) }},
		{SharedApps, func() string { return notOfferedAtAll(host, app) }},
		{"", func() string { return tooWide(host, consumer, app) }},
		{"", func() string { return d.otherStage(host, consumer) }},
		{Municipalities, func() string { return missing(host.Party, d.HostEnvironment) }},
		{Municipalities, func() string { return missing(consumer.Party, d.Environment) }},
		{"", func() string { return closedZone(host) }},
		{AppInstallations, func() string { return d.notInstalled(host) }},
		{"", func() string { return d.notServed(host, app) }},
	} {
		if why := rule.why(); why != "" {
			d.Lacks, d.ToHost, d.ToConsumer = rule.lacks, why, why
			return
		}
	}
	d.State = v1alpha1.DoorOpen
	if why := strings.TrimSuffix(host.Holds+"; "+consumer.Holds, "; "); host.Holds+consumer.Holds != "" {
		d.Held = true
		d.ToHost = strings.TrimPrefix(why, "; ") + ": what is open stays open, and nothing opens"
		d.ToConsumer = d.ToHost
	}
}

// ended says whose time is over; empty where nobody's is.
func ended(host side, consumer request, now time.Time) string {
	switch {
	case over(host.offer.Until, now):
		return fmt.Sprintf("%s was %s: it is over; write a later one to go on", host.field("until"), host.offer.Until.UTC().Format(time.RFC3339))
	case over(consumer.ask.Until, now):
		return fmt.Sprintf("%s was %s: it is over; write a later one to go on", consumer.field("until"), consumer.ask.Until.UTC().Format(time.RFC3339))
	}
	return ""
}

// goes says that a municipality is on its way out, and speaks for no door any longer.
func goes(p Party) string {
	if p.Municipality.DeletionTimestamp.IsZero() {
		return ""
	}
	return fmt.Sprintf("Municipality %s is being deleted", p.Name)
}

// notOfferedAtAll says that the catalogue has no such app.
func notOfferedAtAll(host side, app *catalogue.App) string {
	if app.Exists() {
		return ""
	}
	return fmt.Sprintf("%s: there is no SharedApp %q", host.field("app"), app.Name)
}

// tooWide says that the publisher of the app does not let it serve so widely.
func tooWide(host side, consumer request, app *catalogue.App) string {
	limit, hosted := widest(app)
	how := reaches(&host.offer, consumer.Party)
	switch {
	case !hosted:
		return fmt.Sprintf("SharedApp %s serves nobody but its own municipality: its publisher says in spec.hosting if it may", app.Name)
	case how >= limit:
		return ""
	case how == asEverybody:
		return fmt.Sprintf("%s takes spec.hosting.by National of SharedApp %s, which says %s: name municipalities", host.field("to.everybody"), app.Name, app.Object.Spec.Hosting.By)
	}
	return fmt.Sprintf("%s takes spec.hosting.by Network of SharedApp %s, which says %s: name municipalities", host.field("to.networks"), app.Name, app.Object.Spec.Hosting.By)
}

// otherStage says that the environments are of different stages.
func (d *Door) otherStage(host side, consumer request) string {
	d.Stage = host.Municipality.Spec.StageOf(d.HostEnvironment)
	here := consumer.Municipality.Spec.StageOf(d.Environment)
	if d.Stage == here && here != "" {
		return ""
	}
	return fmt.Sprintf("environment %s of %s is %s, and environment %s of %s is %s: a door joins environments of one stage, so name another in %s",
		d.HostEnvironment, host.Name, d.Stage, d.Environment, consumer.Name, here, consumer.field("hostEnvironment"))
}

// missing says that an environment is not there, or belongs to somebody who had the name before.
func missing(p Party, environment string) string {
	if !p.Missing[environment] {
		return ""
	}
	return fmt.Sprintf("environment %s of %s is not ready: see status.environments of Municipality %s", environment, p.Name, p.Name)
}

// closedZone says that the offer does not name the closed zone that it leads into.
func closedZone(host side) string {
	environment := host.Municipality.Spec.Environment(host.offer.Environment)
	isClosed := environment.Zone == v1alpha1.ZoneClosed || tenancy.Zone(host.Municipality, environment) == v1alpha1.ZoneClosed
	if !isClosed || host.offer.Zone == v1alpha1.ZoneClosed {
		return ""
	}
	return fmt.Sprintf("environment %s of %s is Closed: to let others into a closed zone, write Closed in %s", environment.Name, host.Name, host.field("zone"))
}

// notInstalled says that the host has no such app.
func (d *Door) notInstalled(host side) string {
	if !catalogue.Gone(host.Installed(d.HostEnvironment, d.App)) {
		return ""
	}
	return fmt.Sprintf("%s has no %s in %s: it is open when that is installed there", host.Name, d.App, d.HostEnvironment)
}

// notServed finds the pods and ports of what is installed, and says why there are none.
func (d *Door) notServed(host side, app *catalogue.App) string {
	i := host.Installed(d.HostEnvironment, d.App)
	versions := installation.Walls(i.Spec.Version, &i.Status)
	d.Namespace, d.Leads = tenancy.Home(i), leadsOf(app, d.Service, versions)
	if len(d.Leads) > 0 {
		return ""
	}
	return fmt.Sprintf("version %s of %s, which %s has in %s, has no service %s: see spec.versions[].services of SharedApp %s",
		strings.Join(versions, ", "), d.App, host.Name, d.HostEnvironment, d.Service, d.App)
}
