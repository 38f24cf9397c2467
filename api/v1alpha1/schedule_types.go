package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Window is a recurring time in which new moves may start. Outside of every window nothing new
// starts; members under way are watched, and return if they fail.
type Window struct {
	// schedule is when the window opens, as cron's five fields: minute, hour, day of month, month,
	// day of week. A schedule that never comes, such as 30 February, is reported in the conditions.
	// Example: "0 8 * * 1-4"
	// +required
	// +kubebuilder:validation:MinLength=9
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9A-Za-z*/,?-]+( +[0-9A-Za-z*/,?-]+){4}$')",message="schedule has five fields: minute, hour, day of month, month, day of week, such as 0 8 * * 1-4"
	Schedule string `json:"schedule,omitempty"`

	// duration that the window stays open, at most a week. It is elapsed time: a window in the night
	// in which clocks change is as long as any other.
	// Example: 6h
	// +required
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}([.][0-9]+)?(h|m|s|ms))+$') && duration(self) >= duration('1m') && duration(self) <= duration('168h')",message="duration must be from 1m to 168h, such as 6h"
	Duration metav1.Duration `json:"duration,omitzero"`

	// timeZone that the schedule is in, as a name of the IANA time zone database. Daylight saving
	// time counts: a window that would open in the hour that spring skips opens when the clock has
	// jumped, and one in the hour that autumn repeats opens once. Default: Europe/Oslo.
	// Example: Europe/Oslo
	// +optional
	// +kubebuilder:default="Europe/Oslo"
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$') && self != 'Local'",message="timeZone must be a name of the IANA time zone database, such as Europe/Oslo"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`
}

// FreezePeriod is a time without new moves, also within a window.
// +kubebuilder:validation:XValidation:rule="self.until > self.from",message="until must be after from",fieldPath=".until"
type FreezePeriod struct {
	// from is when the freeze begins, as an RFC 3339 time.
	// Example: "2026-12-15T00:00:00Z"
	// +required
	From metav1.Time `json:"from,omitzero"`

	// until is when the freeze ends, as an RFC 3339 time.
	// Example: "2027-01-05T00:00:00Z"
	// +required
	Until metav1.Time `json:"until,omitzero"`

	// reason is shown to everybody who asks.
	// Example: year-end closing
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Reason string `json:"reason,omitempty"`
}
