package apply

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestImpersonation(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		got = req.Header.Values("Impersonate-User")
	}))
	defer server.Close()
	transport := Impersonation(http.DefaultTransport)
	cases := []struct {
		reason    string
		installer string
		header    string
		want      []string
	}{
		{"the operator asks as itself", "", "", nil},
		{"an app is installed as its namespace's installer", "vinje-prod", "", []string{"system:serviceaccount:vinje-prod:allmenning-installer"}},
		{"as nobody else, whatever the request said", "vinje-prod", "admin", []string{"system:serviceaccount:vinje-prod:allmenning-installer"}},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			ctx := t.Context()
			if tc.installer != "" {
				ctx = AsInstaller(ctx, tc.installer)
			}
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			if tc.header != "" {
				req.Header.Set("Impersonate-User", tc.header)
			}
			before := req.Header.Clone()
			answer, err := transport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			if err := answer.Body.Close(); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("the server was asked as (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, req.Header); diff != "" {
				t.Errorf("the caller's request was changed, which a transport must not (-before +after):\n%s", diff)
			}
		})
	}
}
