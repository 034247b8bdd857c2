# package: libxml2-utils
# set: quick
# does: 5 MB document: tree, XPath, formatting, schema, HTML
# needs: xmllint

prepare() {
    {
        echo '<?xml version="1.0"?><list>'
        rows 50000 | awk -F, '{ printf "<row id=\"%d\"><name>%s</name><number unit=\"u%d\">%d</number><!-- %s --></row>\n", $1, $2, $1 % 5, $3, $4 }'
        echo '</list>'
    } >work.xml
    cat >schema.xsd <<'XSD'
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="list"><xs:complexType><xs:sequence>
<xs:element name="row" maxOccurs="unbounded"><xs:complexType><xs:sequence><xs:element name="name" type="xs:string"/>
<xs:element name="number"><xs:complexType><xs:simpleContent><xs:extension base="xs:integer"><xs:attribute name="unit"/></xs:extension></xs:simpleContent></xs:complexType></xs:element>
</xs:sequence><xs:attribute name="id" type="xs:integer"/></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element></xs:schema>
XSD
    text 200000 | awk '{ print "<p>" $0 "<br><b>" NR "</p>" }' >work.html
}

run() {
    xmllint --format "$IN/work.xml" | cksum
    xmllint --xpath 'sum(//row[number/@unit="u3" and @id > 40000]/number)' "$IN/work.xml"
    xmllint --noout --schema "$IN/schema.xsd" "$IN/work.xml" 2>&1
    xmllint --html --format "$IN/work.html" 2>>tmp/stderr.log | cksum
    xmllint --c14n --noblanks "$IN/work.xml" | cksum
}
