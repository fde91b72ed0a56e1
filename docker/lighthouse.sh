#!/bin/sh
# The command line in the image, wherever it is called.
exec node /lighthouse/dist/cli/main.js "$@"
