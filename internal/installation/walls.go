package installation

import (
	"slices"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// maxWalls is how many versions a status remembers.
const maxWalls = 8

// Walls are the versions whose requirements are to be open for an installation: the one that it is to have,
// and those that it comes from. Their pods may run until the new one is ready, which the status then says.
func Walls(version string, s *v1alpha1.AppInstallationStatus) []string {
	from := s.WallsOf
	if len(from) == 0 && s.AppliedVersion != "" {
		from = []string{s.AppliedVersion}
	}
	all := []string{version}
	for _, other := range from {
		if !slices.Contains(all, other) {
			all = append(all, other)
		}
	}
	return all[:min(len(all), maxWalls)]
}
