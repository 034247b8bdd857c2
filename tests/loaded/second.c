#include "loaded/through.h"

LOADED("second")
