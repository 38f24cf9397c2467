package argocd

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	lua "github.com/yuin/gopher-lua"
)

// Customizations is the folder of the scripts, seen from a package of tests, and HealthScript the one of health.
const (
	Customizations = "../../config/argocd/resource_customizations/allmenning.dev"
	HealthScript   = Customizations + "/_/health.lua"
)

// timeout is how long Argo CD lets a script run.
const timeout = time.Second

// Health is what Argo CD shows of an object.
type Health struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// OfKstatus is the health that Argo CD shows where kstatus says this.
func OfKstatus(s status.Status) string {
	switch s {
	case status.CurrentStatus:
		return "Healthy"
	case status.FailedStatus:
		return "Degraded"
	case status.InProgressStatus, status.TerminatingStatus, status.NotFoundStatus, status.UnknownStatus:
	}
	return "Progressing"
}

// Action is one that Argo CD offers for an object.
type Action struct {
	Disabled bool `json:"disabled"`
}

// HealthOf runs a health script, a file, for an object.
func HealthOf(script string, object map[string]any) (Health, error) {
	var h Health
	return h, run(script, object, &h)
}

// ActionsOf runs a discovery script, a file, for an object: the actions by name.
func ActionsOf(script string, object map[string]any) (map[string]Action, error) {
	var all map[string]Action
	return all, run(script, object, &all)
}

// Act runs the script of an action, a file, and returns the object as the action wants it.
func Act(script string, object map[string]any) (map[string]any, error) {
	var after map[string]any
	return after, run(script, object, &after)
}

// run a script with an object, and read what it returns.
func run(script string, object map[string]any, result any) error {
	source, err := os.ReadFile(script) //nolint:gosec // a script of this repository
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	state.SetContext(ctx)
	for name, open := range map[string]lua.LGFunction{lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable, lua.StringLibName: lua.OpenString} {
		if err := state.CallByParam(lua.P{Fn: state.NewFunction(open), Protect: true}, lua.LString(name)); err != nil {
			return fmt.Errorf("open %s: %w", name, err)
		}
	}
	state.SetGlobal("obj", toLua(state, object))
	if err := state.DoString(string(source)); err != nil {
		return fmt.Errorf("%s: %w", script, err)
	}
	raw, err := json.Marshal(fromLua(state.Get(-1)))
	if err != nil {
		return fmt.Errorf("%s: %w", script, err)
	}
	return json.Unmarshal(raw, result)
}

func toLua(state *lua.LState, value any) lua.LValue {
	switch value := value.(type) {
	case bool:
		return lua.LBool(value)
	case string:
		return lua.LString(value)
	case int64:
		return lua.LNumber(value)
	case float64:
		return lua.LNumber(value)
	case []any:
		list := state.NewTable()
		for _, each := range value {
			list.Append(toLua(state, each))
		}
		return list
	case map[string]any:
		table := state.NewTable()
		for name, each := range value {
			table.RawSetString(name, toLua(state, each))
		}
		return table
	}
	return lua.LNil
}

// fromLua reads a value. A table with entries by number is a list; an empty one is an object, as Lua does not say which.
func fromLua(value lua.LValue) any {
	switch value := value.(type) {
	case lua.LBool:
		return bool(value)
	case lua.LNumber:
		return float64(value)
	case lua.LString:
		return string(value)
	case *lua.LTable:
		if value.Len() > 0 {
			list := make([]any, 0, value.Len())
			value.ForEach(func(_, each lua.LValue) { list = append(list, fromLua(each)) })
			return list
		}
		table := map[string]any{}
		value.ForEach(func(name, each lua.LValue) { table[name.String()] = fromLua(each) })
		return table
	}
	return nil
}
