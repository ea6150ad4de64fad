package lang

import "github.com/zt-lang/ztc/lang/ast"

type lean struct{}

func (p *parser) plain() ast.Stmt { return nil }
