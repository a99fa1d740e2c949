import pytest

from tests.lints import code
from tests.lints.finding import outside

# What breaks a rule -> the rule.
PLANTED = {
    "session.execute(text(f\"SELECT set_config('app.tenant', '{tenant}', true)\"))": "made set_config",
    "q = \"SELECT set_config('app.tenant', '%s', true)\" % tenant": "made set_config",
    "q = \"SELECT set_config('app.tenant', '{}', true)\".format(tenant)": "made set_config",
    "q = \"SELECT set_config('app.tenant', '\" + tenant + \"', true)\"": "made set_config",
    'session.execute(text(f"SELECT * FROM link WHERE id = {number}"))': "made sql",
    'session.execute(sqlalchemy.text("SELECT %s" % number))': "made sql",
    'session.execute(text("SELECT {}".format(number)))': "made sql",
    'session.execute(text("SELECT " + number))': "made sql",
    'cursor.execute(f"SELECT {number}")': "made sql",
    'connection.exec_driver_sql("SELECT " + number + ";")': "made sql",
    "flask.render_template_string(body)": "template of text",
    "app.jinja_env.from_string(body)": "template of text",
    "return_ = Markup(body)": "template of text",
    "import pickle": "pickle",
    "from pickle import loads": "pickle",
    "import marshal as m": "pickle",
    "http.get(address, verify=False)": "unverified",
    "context = ssl._create_unverified_context()": "unverified",
    "subprocess.run(words, shell=True)": "shell",
    "os.system(words)": "shell",
    "asyncio.create_subprocess_shell(words)": "shell",
    "try:\n    a()\nexcept Exception:\n    pass": "broad except",
    "try:\n    a()\nexcept (ValueError, BaseException) as b:\n    raise c from b": "broad except",
    "try:\n    a()\nexcept:\n    pass": "broad except",
    "def view():\n    return redirect(request.args['next'])": "redirect",
    "def view():\n    a = request.referrer\n    b = f'{a}?c'\n    return redirect(b, 303)": "redirect",
    "def view():\n    return redirect(form.next.data or url_for('a'))": "redirect",
    "def view():\n    return flask.redirect(url_for('a') + request.form.get('b'))": "redirect",
    "def view():\n    return Response(headers={'HX-Redirect': request.values['a']})": "redirect",
    "_log.info('%s came', request.url)": "logged request",
    "_log.warning('%s', request.headers.get('a'))": "logged request",
    "current_app.logger.error(f'{request.form}')": "logged request",
    "logging.getLogger('a').debug(request.path)": "logged request",
    "_log.error('bug', extra={'a': request.full_path})": "logged request",
}
HARMLESS = (
    "session.execute(text(\"SELECT set_config('app.tenant', :tenant, true)\"), {'tenant': tenant})",
    'session.execute(text("SELECT 1" " FROM link"))',
    "http.get(address, verify=True)",
    "jinja_env.globals.update(shell=_shell)",
    "subprocess.run(words)",
    "try:\n    a()\nexcept BaseException:\n    b()\n    raise",
    "try:\n    a()\nexcept ValueError:\n    pass",
    "def view():\n    return redirect(local_address(request.form.get('next'), url_for('a')))",
    "def view():\n    return redirect(url_for('a', next=request.full_path))",
    "def view():\n    a = local_address(form.next.data or request.args['b'], c)\n    return redirect(a, 303)",
    "def view():\n    return redirect(url_for('a'), 303 if request.method == 'GET' else 302)",
    "_log.error('bug in %s', request.endpoint)",
    "text(f'plain')",
)


@pytest.mark.parametrize("planted", PLANTED, ids=range(len(PLANTED)))
def test_code_that_breaks_a_rule_is_found(planted):
    assert PLANTED[planted] in {finding.rule for finding in code.check("a.py", planted)}


@pytest.mark.parametrize("source", HARMLESS, ids=range(len(HARMLESS)))
def test_harmless_code_breaks_none(source):
    assert list(code.check("a.py", source)) == []


def test_our_code_breaks_no_rule():
    assert list(map(str, outside(code.findings(), code.ALLOWED))) == []
