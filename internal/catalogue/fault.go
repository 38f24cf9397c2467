package catalogue

import (
	"fmt"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Fault is why something can't be had; nil where it can.
type Fault struct {
	// Reason in a word: one of the constants below.
	Reason Reason
	// Message is a sentence without a full stop. It names the SharedApp and, where that is the app's
	// own, the field.
	Message string
}

// Reason is why something can't be had, in a word.
type Reason string

// The reasons.
const (
	// UnknownApp means that there is no SharedApp of that name.
	UnknownApp Reason = v1alpha1.ReasonSharedAppMissing
	// UnknownChannel means that the app has no channel of that name.
	UnknownChannel Reason = v1alpha1.ReasonChannelMissing
	// UnknownVersion means that the version is not in spec.versions.
	UnknownVersion Reason = v1alpha1.ReasonVersionMissing
	// Withdrawn means that the version is not newly installed anywhere.
	Withdrawn Reason = v1alpha1.ReasonVersionWithdrawn
	// Unavailable means that the catalogue refused the version, or can't fetch it.
	Unavailable Reason = v1alpha1.ReasonVersionNotAvailable
	// Unchecked means that the catalogue has not checked the version yet.
	Unchecked Reason = v1alpha1.ReasonVersionNotChecked
	// Suspended means that spec.suspend of the app is set.
	Suspended Reason = v1alpha1.ReasonSuspended
	// UnfitZone means that the app requires another zone than the environment has.
	UnfitZone Reason = v1alpha1.ReasonZoneUnfit
	// UnfitParameters means that a parameter is missing, or does not fit the version.
	UnfitParameters Reason = v1alpha1.ReasonInvalidParameters
	// RequiredAppMissing means that a required app is not installed.
	RequiredAppMissing Reason = v1alpha1.ReasonRequiredAppMissing
	// RequiredAppVersion means that it has another version than the required one.
	RequiredAppVersion Reason = v1alpha1.ReasonRequiredAppVersion
	// RequiredAppNotReady means that it is not ready.
	RequiredAppNotReady Reason = v1alpha1.ReasonRequiredAppNotReady
	// RequiredAppMayReturn means that it may yet return to another version than the required one.
	RequiredAppMayReturn Reason = v1alpha1.ReasonRequiredAppMayReturn
)

// String is the message; empty where there is no fault.
func (f *Fault) String() string {
	if f == nil {
		return ""
	}

	return f.Message
}

func fault(reason Reason, format string, args ...any) *Fault {
	return &Fault{Reason: reason, Message: fmt.Sprintf(format, args...)}
}
