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
func HealthOf(ctx context.Context, script string, object map[string]any) (Health, error) {
	return run[Health](ctx, script, object)
}

// ActionsOf runs a discovery script, a file, for an object: the actions by name.
func ActionsOf(ctx context.Context, script string, object map[string]any) (map[string]Action, error) {
	return run[map[string]Action](ctx, script, object)
}

// Act runs the script of an action, a file, and returns the object as the action wants it.
func Act(ctx context.Context, script string, object map[string]any) (map[string]any, error) {
	return run[map[string]any](ctx, script, object)
}

// run a script with an object, and read what it returns.
func run[R any](ctx context.Context, script string, object map[string]any) (R, error) {
	var result R
	source, err := os.ReadFile(script)
	if err != nil {
		return result, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	state.SetContext(ctx)
	for name, open := range map[string]lua.LGFunction{lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable, lua.StringLibName: lua.OpenString} {
		if err := state.CallByParam(lua.P{Fn: state.NewFunction(open), Protect: true}, lua.LString(name)); err != nil {
			return result, fmt.Errorf("open %s: %w", name, err)
		}
	}
	state.SetGlobal("obj", toLua(state, object))
	if err := state.DoString(string(source)); err != nil {
		return result, fmt.Errorf("%s: %w", script, err)
	}
	raw, err := json.Marshal(fromLua(state.Get(-1)))
	if err != nil {
		return result, fmt.Errorf("%s: %w", script, err)
	}
	if err := json.Unmarshal(raw, &result); err != nil {
		return result, fmt.Errorf("%s returns %s: %w", script, raw, err)
	}
	return result, nil
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
