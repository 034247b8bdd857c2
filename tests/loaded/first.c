#include "loaded/through.h"

LOADED("first")
