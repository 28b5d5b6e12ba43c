#!/usr/bin/env bash
# Says on the page of a pull request's run why nothing is previewed.
echo "::notice title=No preview::Pull requests from forks and from Dependabot get no secrets, so their stacks are not previewed. A maintainer who has read the change can push it to a branch of this repository."
