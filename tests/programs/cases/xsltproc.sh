# package: xsltproc
# set: quick
# does: sorts, keys, recursion over 20000 elements
# needs: xsltproc

prepare() {
    {
        echo '<?xml version="1.0"?><list>'
        rows 20000 | awk -F, '{ printf "<row id=\"%d\" word=\"%s\"><name>%s</name><number>%d</number></row>\n", $1, $4, $2, $3 }'
        echo '</list>'
    } >work.xml
    cat >work.xsl <<'XSL'
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:output method="html" indent="yes"/>
<xsl:key name="by" match="row" use="@word"/>
<xsl:template match="/list"><table><xsl:for-each select="row[count(. | key('by', @word)[1]) = 1]"><xsl:sort select="@word"/>
<tr id="{generate-id(..) != ''}"><td><xsl:value-of select="@word"/></td><td><xsl:value-of select="sum(key('by', @word)/number)"/></td>
<td><xsl:for-each select="key('by', @word)"><xsl:sort select="number" data-type="number" order="descending"/><xsl:if test="position() &lt; 5"><xsl:value-of select="concat(name, ' ')"/></xsl:if></xsl:for-each></td>
<td><xsl:call-template name="count"><xsl:with-param name="n" select="30"/></xsl:call-template></td></tr></xsl:for-each></table></xsl:template>
<xsl:template name="count"><xsl:param name="n"/><xsl:if test="$n &gt; 0"><xsl:value-of select="$n"/><xsl:call-template name="count"><xsl:with-param name="n" select="$n - 1"/></xsl:call-template></xsl:if></xsl:template>
</xsl:stylesheet>
XSL
}

run() {
    xsltproc "$IN/work.xsl" "$IN/work.xml"
}
