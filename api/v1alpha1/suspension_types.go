package v1alpha1

import (
	"encoding/json"
	"fmt"
)

// Suspension says what of a Municipality is stopped. In YAML it is a boolean or a word: false, true or Freeze. What is
// left out is false.
type Suspension string

// The suspensions of a Municipality, from the mildest to the strongest.
const (
	// SuspensionNone lets all go on.
	SuspensionNone Suspension = "false"
	// SuspensionOperator stops the operator there.
	SuspensionOperator Suspension = "true"
	// SuspensionFreeze stops the operator there, and all changes by the people and accounts of the municipality.
	SuspensionFreeze Suspension = "Freeze"
)

// IsSuspended says whether the operator leaves the municipality as it is.
func (s Suspension) IsSuspended() bool { return s == SuspensionOperator || s == SuspensionFreeze }

// IsFrozen says whether the people and accounts of the municipality change nothing, too.
func (s Suspension) IsFrozen() bool { return s == SuspensionFreeze }

// Said is what such a Municipality is, in words, with the field.
func (s Suspension) Said() string {
	if s.IsFrozen() {
		return "frozen (spec.suspend: Freeze)"
	}
	return "suspended (spec.suspend)"
}

// MarshalJSON writes true and false as the booleans that they are.
func (s Suspension) MarshalJSON() ([]byte, error) {
	if s == SuspensionNone || s == SuspensionOperator {
		return []byte(s), nil
	}
	return json.Marshal(string(s))
}

// UnmarshalJSON reads a boolean or a word.
func (s *Suspension) UnmarshalJSON(content []byte) error {
	var value any
	if err := json.Unmarshal(content, &value); err != nil {
		return err
	}
	switch value := value.(type) {
	case nil:
	case bool:
		*s = SuspensionNone
		if value {
			*s = SuspensionOperator
		}
	case string:
		*s = Suspension(value)
	default:
		return fmt.Errorf("suspend is true, false or %s, and not %s", SuspensionFreeze, content)
	}
	return nil
}
