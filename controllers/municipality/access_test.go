package municipality

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/expiry"
)

func TestBindings(t *testing.T) {
	cases := []struct {
		reason string
		access []v1alpha1.Access
		want   []string
	}{
		{"nobody", nil, nil},
		{"a group has its role", []v1alpha1.Access{{Role: v1alpha1.AccessAdministrator, Groups: []string{"ikt"}}},
			[]string{"allmenning-administrator: Group ikt"}},
		{"people of one role share a binding, sorted and each once", []v1alpha1.Access{
			{Role: v1alpha1.AccessViewer, Users: []string{"kari"}, Groups: []string{"b"}},
			{Role: v1alpha1.AccessViewer, Users: []string{"kari", "arne"}, Groups: []string{"a"}},
		}, []string{"allmenning-viewer: Group a, Group b, User arne, User kari"}},
		{"a group and a user of one name are two", []v1alpha1.Access{{Role: v1alpha1.AccessViewer, Users: []string{"x"}, Groups: []string{"x"}}},
			[]string{"allmenning-viewer: Group x, User x"}},
		{"access to another environment", []v1alpha1.Access{{Role: v1alpha1.AccessDeveloper, Groups: []string{"x"}, Environments: []string{"test"}}}, nil},
		{"access to this one", []v1alpha1.Access{{Role: v1alpha1.AccessDeveloper, Groups: []string{"x"}, Environments: []string{"test", "prod"}}},
			[]string{"allmenning-developer: Group x"}},
		{"access that ends in a second holds", []v1alpha1.Access{{Role: v1alpha1.AccessDeveloper, Groups: []string{"x"}, Expires: at(time.Second)}},
			[]string{"allmenning-developer: Group x"}},
		{"access that ends now is over", []v1alpha1.Access{{Role: v1alpha1.AccessDeveloper, Groups: []string{"x"}, Expires: at(0)}}, nil},
		{"one entry expires, another of the role stays", []v1alpha1.Access{
			{Role: v1alpha1.AccessDeveloper, Groups: []string{"x"}, Expires: at(-time.Hour)},
			{Role: v1alpha1.AccessDeveloper, Groups: []string{"y"}},
		}, []string{"allmenning-developer: Group y"}},
	}
	supplier := []v1alpha1.Access{{Role: v1alpha1.AccessDeveloper, Groups: []string{"x"}, Apps: []string{"svarut"}}}
	cases = append(cases, struct {
		reason string
		access []v1alpha1.Access
		want   []string
	}{"access that ends at an app is none to the environment", supplier, nil})
	installer := "allmenning-installer: ServiceAccount allmenning-installer"
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			var got []string
			for _, rb := range bindings(site{environment: v1alpha1.Environment{Name: "prod"}, namespace: "vinje-prod"}, tc.access, now) {
				if *rb.RoleRef.Name != *rb.Name || *rb.RoleRef.Kind != "ClusterRole" {
					t.Errorf("binding %s is to %s %s, want the ClusterRole of its name", *rb.Name, *rb.RoleRef.Kind, *rb.RoleRef.Name)
				}
				var people []string
				for _, s := range rb.Subjects {
					people = append(people, *s.Kind+" "+*s.Name)
				}
				got = append(got, *rb.Name+": "+strings.Join(people, ", "))
			}
			if diff := cmp.Diff(append(tc.want, installer), got); diff != "" {
				t.Errorf("bindings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBindingsOfAnOwnNamespace(t *testing.T) {
	access := []v1alpha1.Access{
		{Role: v1alpha1.AccessAdministrator, Groups: []string{"ikt"}},
		{Role: v1alpha1.AccessDeveloper, Groups: []string{"x"}, Apps: []string{"svarut"}},
		{Role: v1alpha1.AccessDeveloper, Groups: []string{"y"}, Apps: []string{"kart"}},
		{Role: v1alpha1.AccessViewer, Groups: []string{"z"}, Apps: []string{"svarut"}, Environments: []string{"test"}},
		{Role: v1alpha1.AccessViewer, Groups: []string{"w"}, Apps: []string{"svarut"}, Expires: at(0)},
	}
	var got []string
	for _, rb := range bindings(site{environment: v1alpha1.Environment{Name: "prod"}, namespace: "vinje-prod--svarut", app: "svarut"}, access, now) {
		for _, s := range rb.Subjects {
			got = append(got, *rb.Name+": "+*s.Name)
		}
	}
	want := []string{"allmenning-administrator: ikt", "allmenning-developer: x", "allmenning-installer: allmenning-installer"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("those of the environment, and those whose access ends at the app (-want +got):\n%s", diff)
	}
}

func TestNextExpiry(t *testing.T) {
	expiring := func(all ...time.Duration) []v1alpha1.Access {
		access := []v1alpha1.Access{{}}
		for _, d := range all {
			access = append(access, v1alpha1.Access{Expires: at(d)})
		}
		return access
	}
	cases := []struct {
		reason string
		access []v1alpha1.Access
		want   time.Duration
	}{
		{"nothing expires", expiring(), 0},
		{"what has expired does not again", expiring(-time.Hour, 0), 0},
		{"the next one counts", expiring(time.Hour, time.Minute, -time.Hour, 2*time.Hour), time.Minute},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if got := expiry.Next(tc.access, now); got != tc.want {
				t.Errorf("the next ends in %s, want %s", got, tc.want)
			}
		})
	}
}
