"""The address of the repository and of the site: says what they are, or puts others in their place in every file.

    python .ci/address.py
    python .ci/address.py https://github.com/OWNER/NAME

They stand in _config.yml, with the sentence about them that README.md and appendix/run_it.md have. In whatever other
tracked file they stand, they are found there. Needs nothing but Python and git.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FORM = re.compile(r"https://github\.com/[a-z\d](?:-?[a-z\d])*/(?!.*\.(?:git|github\.io)$)[\w.-]*[\w-]", re.A | re.I)
PLACES = {
    "url": re.compile(r'^repository:\n(?: .*\n)*?  url: *"?([^\s"]+)', re.M),
    "site": re.compile(r'^  baseurl: *"?([^\s"]+)', re.M),
    "sentence": re.compile(r'^    address: "(.*)"$', re.M),
}
PUBLISHED = (
    "The book is published at <{site}>, from <{url}>. `make address URL=https://github.com/OWNER/NAME` puts the "
    "addresses of a fork in their place, in every file."
)
LEFT = """\
What is left to do: on GitHub, let workflows run (Actions) and choose "GitHub Actions" as the source of the site
(Settings, Pages). Then commit, and push to main: the workflow publishes the site, and the branch that Colab and
Binder open. CONTRIBUTING.md has each step, and what goes wrong: "From a fork to a published site"."""


def site(url: str) -> str:
    """Where GitHub publishes the pages of a repository."""
    owner, name = url.removeprefix("https://github.com/").split("/")
    return f"https://{owner.lower()}.github.io/{name}/"


def now(root: Path) -> dict[str, str]:
    """The addresses and the sentence that stand in _config.yml: url, site, sentence."""
    text = (root / "_config.yml").read_text(encoding="utf-8")
    return {what: place.search(text)[1] for what, place in PLACES.items()}


def moved(text: str, old: dict[str, str], new: dict[str, str]) -> str:
    """A text with the new addresses and the new sentence, and a clone entered by its new name."""
    folder, other = (one["url"].rpartition("/")[2] for one in (old, new))
    text = text.replace(old["sentence"], "\0")
    clone = rf"(git clone (?:-\S+ \S+ )?{re.escape(old['url'])}(?:\n| && )cd ){re.escape(folder)}(?![\w-])"
    text = re.sub(clone, lambda found: found[1] + other, text)
    for what in ("url", "site"):
        address = re.escape(old[what].rstrip("/"))
        # not where it is only the beginning of another one
        text = re.sub(rf"{address}(?![\w-]|\.(?!git\b)\w)", new[what].rstrip("/"), text)
    return text.replace("\0", new["sentence"])


def move(root: Path, url: str) -> list[str]:
    """Put the address of a repository in every tracked file below root. Returns the files that are now other ones."""
    old, new = now(root), {"url": url, "site": site(url)}
    new["sentence"] = PUBLISHED.format(**new)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, text=True, capture_output=True, check=True).stdout
    changed = []
    for name in filter(None, listed.split("\0")):
        file = root / name
        if not file.is_file() or file.is_symlink():
            continue
        try:
            before = file.read_bytes().decode()
        except UnicodeDecodeError:
            continue  # what is not text names nothing
        if "\0" not in before and (after := moved(before, old, new)) != before:
            draft = file.with_name(f"{file.name}.new")
            draft.write_bytes(after.encode())
            draft.chmod(file.stat().st_mode)
            draft.replace(file)
            changed.append(name)
    return changed


def main(arguments: list[str]) -> int:
    if not arguments:
        print("{url}\n{site}\n{sentence}".format(**now(ROOT)))
        return 0
    if len(arguments) > 1 or not FORM.fullmatch(arguments[0]):
        asked = " ".join(arguments).strip()
        print(f"not the address of a repository, https://github.com/OWNER/NAME: {asked}", file=sys.stderr)
        return 2
    changed = move(ROOT, arguments[0])
    print("\n".join([*changed, LEFT]) if changed else f"{arguments[0]} stands everywhere already")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
